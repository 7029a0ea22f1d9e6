package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.RouterPart;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.NodeControl;
import io.keyhook.fair.Admissions;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.trace.Tracing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** The routes: each turns HTTP into one call of {@link KeyhookClient}, and its answer into HTTP. */
public final class ApiRouter {
  private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");

  private final Router router;
  private final KeyhookClient client;
  private final Authentication authentication;
  private final Calls calls;
  private final ClientAddress addresses;
  private final Limits limits;
  private final NodeRoutes node;
  private final boolean hasOperator;
  private final Admissions admissions;
  private final HttpMetrics metrics;
  private final Side side;

  /**
   * Shared by all routers of a node.
   *
   * @param logins to one e-mail from one address
   * @param loginsOfAddress to whichever e-mail
   * @param loginsTo one e-mail, from wherever
   * @param loginsOfDevice on which somebody has logged in with the e-mail before
   * @param loginsOfDevices of one e-mail, all of them
   * @param passwords of one user who is logged in, from wherever
   * @param signUps from one address
   * @param alertTests messages that one caller asks for
   * @param alertTestsOfAccount and all callers of an account
   * @param passwordResets that one address asks for by mail
   * @param passwordResetsOf one e-mail, from wherever
   */
  public record Limits(
      RateLimiter validations, RateLimiter logins, RateLimiter loginsOfAddress, RateLimiter loginsTo,
      RateLimiter loginsOfDevice, RateLimiter loginsOfDevices, RateLimiter passwords, RateLimiter signUps,
      RateLimiter alertTests, RateLimiter alertTestsOfAccount, RateLimiter passwordResets, RateLimiter passwordResetsOf,
      RateLimiter passkeysOfAddress) {
    /** To an e-mail from an address, on a known device, and to change a password. */
    private static final int LOGINS_A_MINUTE = 10;
    private static final int LOGINS_OF_AN_ADDRESS = 60;
    /** From wherever: guessing from many addresses is slow, too. */
    private static final int LOGINS_TO_AN_EMAIL = 30;
    private static final int SIGN_UPS_OF_AN_ADDRESS = 10;
    private static final int ALERT_TESTS_A_MINUTE = 5;
    /** An hour. They may be sent to the e-mail address of a stranger. */
    private static final int ALERT_TESTS_OF_AN_ACCOUNT = 20;
    /** An hour, as the next. A company may be behind one address. */
    private static final int PASSWORD_RESETS_OF_AN_ADDRESS = 20;
    private static final int PASSWORD_RESETS_OF_AN_EMAIL = 5;

    /**
     * The limits of a node.
     *
     * @param validations a second and client address; 0: no limit
     */
    public static Limits of(int validations, MeterRegistry meters) {
      Duration minute = Duration.ofMinutes(1);
      return new Limits(new RateLimiter(validations, Duration.ofSeconds(1), refused("validations", meters)),
          new RateLimiter(LOGINS_A_MINUTE, minute, refused("logins", meters)),
          new RateLimiter(LOGINS_OF_AN_ADDRESS, minute, refused("logins of an address", meters)),
          new RateLimiter(LOGINS_TO_AN_EMAIL, minute, refused("logins to an e-mail", meters)),
          new RateLimiter(LOGINS_A_MINUTE, minute, refused("logins of a device", meters)),
          new RateLimiter(LOGINS_TO_AN_EMAIL, minute, refused("logins of all devices", meters)),
          new RateLimiter(LOGINS_A_MINUTE, minute, refused("password changes", meters)),
          new RateLimiter(SIGN_UPS_OF_AN_ADDRESS, Duration.ofHours(1), refused("sign-ups", meters)),
          new RateLimiter(ALERT_TESTS_A_MINUTE, minute, refused("tests of alerts", meters)),
          new RateLimiter(ALERT_TESTS_OF_AN_ACCOUNT, Duration.ofHours(1), refused("tests of alerts of an account", meters)),
          new RateLimiter(PASSWORD_RESETS_OF_AN_ADDRESS, Duration.ofHours(1), refused("password resets of an address", meters)),
          new RateLimiter(PASSWORD_RESETS_OF_AN_EMAIL, Duration.ofHours(1), refused("password resets of an e-mail", meters)),
          new RateLimiter(LOGINS_OF_AN_ADDRESS, minute, refused("logins with a passkey of an address", meters)));
    }

    private static Counter refused(String limit, MeterRegistry meters) {
      return Counter.builder("keyhook.requests.limited").description("Requests refused by a rate limit").tag("limit", limit)
          .register(meters);
    }

    /**
     * Counts a test message of alerts.
     *
     * @throws io.keyhook.bus.FailureException rate limited
     */
    void checkAlertTest(Caller caller) {
      alertTests.check(caller.name());
      alertTestsOfAccount.check(caller.accountId().toString());
    }

    /**
     * Counts a request for a mail with which a user who forgot the password sets a new one.
     *
     * @throws io.keyhook.bus.FailureException rate limited, whether there is such a user or not
     */
    void checkPasswordReset(String email, String address) {
      passwordResets.check(address);
      passwordResetsOf.check(email.toLowerCase(Locale.ROOT));
    }

    /**
     * Counts a login on a device that the e-mail's owner has not used.
     *
     * @throws io.keyhook.bus.FailureException rate limited
     */
    void checkLogin(String email, String address) {
      String anyCase = email.toLowerCase(Locale.ROOT);
      loginsOfAddress.check(address);
      logins.check(anyCase + ' ' + address);
      loginsTo.check(anyCase);
    }

    /**
     * Counts a login on a device that the e-mail's owner has used. It does not compete with strangers, not even behind the
     * same address: they could lock the owner out.
     *
     * @param device its cookie
     * @throws io.keyhook.bus.FailureException rate limited
     */
    void checkKnownLogin(String email, String device) {
      loginsOfDevice.check(device);
      loginsOfDevices.check(email.toLowerCase(Locale.ROOT));
    }

    /**
     * Counts a password that somebody who is logged in gives to change it. It counts as a login too, so that nobody guesses
     * by both, but logins of strangers do not refuse it.
     *
     * @throws io.keyhook.bus.FailureException rate limited
     */
    void checkPassword(String userId, String email, String address) {
      passwords.check(userId);
      String anyCase = email.toLowerCase(Locale.ROOT);
      logins.count(anyCase + ' ' + address);
      loginsTo.count(anyCase);
    }
  }

  /**
   * What all routers of a node have in common.
   *
   * @param control of the process; it may change
   */
  public record Shared(
      Limits limits, Admissions admissions, UntrustedProxies untrusted, Supplier<NodeControl> control, Idempotency idempotency,
      Probes probes, WebPages pages, MeterRegistry meters, HttpMetrics metrics) {}

  /** The calls that a server has. */
  public enum Side {
    /** All of them. */
    BOTH,
    /** All but those of {@link #MANAGEMENT}. */
    PUBLIC,
    /** Probes, metrics and the operator's calls. */
    MANAGEMENT;

    private static final String OPERATOR = "/api/admin/";

    boolean has(String path) {
      boolean management = path.startsWith(OPERATOR) || Probes.isAt(path);
      return this == BOTH || management == (this == MANAGEMENT);
    }
  }

  private ApiRouter(Vertx vertx, KeyhookClient client, KeyhookOptions options, Shared shared, Side side) {
    this.side = side;
    this.router = Router.router(vertx);
    this.client = client;
    this.addresses = new ClientAddress(options.http().trustedProxies(), shared.untrusted);
    this.authentication = new Authentication(client, options.operator().key(), addresses);
    this.metrics = shared.metrics;
    this.calls = new Calls(authentication, shared.idempotency, metrics, side::has);
    this.limits = shared.limits;
    this.hasOperator = options.operator().key().isPresent();
    this.node = new NodeRoutes(shared.control, shared.probes, shared.meters);
    this.admissions = shared.admissions;
  }

  /**
   * A router for one event loop; mounts under any path.
   *
   * @param parts what it serves
   * @throws IllegalStateException a part's library is not on the class path
   */
  public static Router create(
      Vertx vertx, KeyhookClient client, KeyhookOptions options, Shared shared, Set<RouterPart> parts) {
    requireLibraries(parts);
    return create(vertx, client, options, shared, parts, Side.BOTH);
  }

  private static Router create(Vertx vertx, KeyhookClient client, KeyhookOptions options, Shared shared,
      Set<RouterPart> parts, Side side) {
    ApiRouter api = new ApiRouter(vertx, client, options, shared, side);
    api.mount(shared.probes, shared.pages, parts);
    return api.router;
  }

  /** A router with all available parts for a server of Keyhook's own, on one event loop. */
  public static Router create(Vertx vertx, KeyhookClient client, KeyhookOptions options, Shared shared, Side side) {
    return create(vertx, client, options, shared, availableParts(), side);
  }

  /** All parts but those whose libraries are not on the class path. */
  public static Set<RouterPart> availableParts() {
    return WebFiles.missingArtifacts().isEmpty() ? EnumSet.allOf(RouterPart.class)
        : EnumSet.complementOf(EnumSet.of(RouterPart.DASHBOARD, RouterPart.GUIDE));
  }

  private static void requireLibraries(Set<RouterPart> parts) {
    List<String> missing = WebFiles.missingArtifacts();
    if (!missing.isEmpty() && (parts.contains(RouterPart.DASHBOARD) || parts.contains(RouterPart.GUIDE))) {
      throw new IllegalStateException("RouterPart.DASHBOARD and RouterPart.GUIDE need " + String.join(" and ", missing)
          + " on the class path. Add them, or leave these parts out");
    }
  }

  /**
   * Prepares a router of {@link #create} for the server of a host: it answers everything with 503 once Keyhook does not run any
   * more, and keeps query strings out of the spans of requests.
   */
  public static Router ofHost(BooleanSupplier running, Tracing tracing, Router router) {
    router.route().order(Integer.MIN_VALUE).handler(context -> {
      SpanQuery.hide(context.request(), tracing);
      if (running.getAsBoolean()) {
        context.next();
      } else {
        context.fail(new Failure.Unavailable("Keyhook was undeployed").exception());
      }
    });
    return router;
  }

  private void mount(Probes probes, WebPages pages, Set<RouterPart> parts) {
    if (parts.contains(RouterPart.API) && side != Side.MANAGEMENT) {
      mount(DeviceCall.VALIDATE, new ValidateHandler(client, addresses, limits.validations()));
      mount(DeviceCall.DEACTIVATE, new DeactivateHandler(client, addresses, limits.validations()));
    }
    router.route().handler(context -> {
      metrics.begin(context);
      context.next();
    });
    if (parts.contains(RouterPart.API)) {
      router.route("/api/*").handler(body());
      mountApi();
    }
    probes.mount(calls, parts);
    calls.mount(router);
    router.route().handler(context -> pages.handle(context, path -> hasPage(path, parts)));
    // of all that is under the path where a host mounts it
    router.route().handler(context -> context.fail(404)).failureHandler(this::failed);
    for (int status : new int[] {400, 404, 405, 413, 415, 417}) {
      router.errorHandler(status, this::failed);
    }
  }

  /** The administrator's page is where the administrator's calls are, if there is a key for them. */
  private boolean hasPage(String path, Set<RouterPart> parts) {
    boolean files = path.startsWith("/assets/");
    if (path.equals(WebPages.ADMINISTRATION)) {
      return parts.contains(RouterPart.DASHBOARD) && hasOperator && side != Side.PUBLIC;
    } else if (side == Side.MANAGEMENT) {
      return files && parts.contains(RouterPart.DASHBOARD);
    }
    boolean guide = path.equals("/docs") || path.startsWith("/docs/");
    return parts.contains(guide ? RouterPart.GUIDE : RouterPart.DASHBOARD) || files && parts.contains(RouterPart.GUIDE);
  }

  private void mount(DeviceCall call, Handler<RoutingContext> handler) {
    router.route(call.path()).failureHandler(context -> {
      noteLimit(context);
      call.failed(context);
    });
    HttpMetrics.Route route = metrics.route(HttpMethod.POST.name(), call.path());
    Handler<RoutingContext> body = body();
    router.post(call.path()).handler(context -> {
      route.begin(context);
      body.handle(context);
    }).handler(handler);
    router.options(call.path()).handler(context -> {
      metrics.begin(context);
      call.preflight(context);
    });
    router.route(call.path()).handler(context -> {
      metrics.begin(context);
      call.otherMethod(context);
    });
  }

  private void mountApi() {
    new SessionRoutes(client, addresses, limits).mount(calls);
    Confirmation confirmation = new Confirmation(client, addresses, limits);
    new PeopleRoutes(client, addresses, limits, confirmation).mount(calls);
    new PasskeyRoutes(client, addresses, limits, confirmation).mount(calls);
    new InfoRoutes(client).mount(calls);
    new AccountRoutes(client, admissions, confirmation).mount(calls);
    node.mount(calls);
    new LicenseRoutes(client, admissions).mount(calls);
    new PolicyRoutes(client).mount(calls);
    new SigningRoutes(client, addresses, limits.validations()).mount(calls);
    new WebhookRoutes(client).mount(calls);
    new DeliveryRoutes(client, authentication).mount(calls);
    new StatisticsRoutes(client).mount(calls);
    new PortalRoutes(client, addresses, limits).mount(calls);
  }

  private static Handler<RoutingContext> body() {
    BodyHandler body = BodyHandler.create(false).setBodyLimit(JsonBody.MAX_BYTES);
    return context -> {
      JsonBody.requireIdentity(context);
      JsonBody.takeNoForm(context.request());
      body.handle(context);
    };
  }

  private void noteLimit(RoutingContext context) {
    if (context.failure() instanceof FailureException e && e.failure() instanceof Failure.RateLimited) {
      addresses.limited(context.request());
    }
  }

  private void failed(RoutingContext context) {
    if (context.response().headWritten() && !context.request().isEnded()) {
      return; // it is about the rest of a body whose request has its answer
    }
    if (Answers.isMalformed(context.failure())) {
      Connections.cut(context.request());
      return;
    }
    noteLimit(context);
    int status = context.statusCode();
    if (context.failure() instanceof HttpException e) {
      status = e.getStatusCode();
    }
    if ((status < 0 || status == 500) && BAD_ESCAPE.matcher(context.request().uri()).find()) {
      status = 400; // the router fails to decode it, and does not say so
    }
    Optional<DeviceCall> call = DeviceCall.of(context.request());
    if (call.isPresent()) {
      call.get().failed(context);
    } else if (status >= 400 && status < 500) {
      Answers.problem(context, status, JsonBody.explain(status, context.failure()));
    } else {
      Answers.failure(context, context.failure());
    }
  }
}
