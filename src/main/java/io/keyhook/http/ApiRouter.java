package io.keyhook.http;

import static io.keyhook.http.Authentication.actor;
import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.query;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Statistics;
import io.keyhook.bus.Webhooks;
import io.keyhook.config.KeyhookOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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

  /**
   * Shared by all routers of a node.
   *
   * @param logins to one e-mail from one address
   * @param loginsOfAddress to whichever e-mail
   * @param loginsTo one e-mail, from wherever
   * @param signUps from one address
   */
  public record Limits(
      RateLimiter validations, RateLimiter logins, RateLimiter loginsOfAddress, RateLimiter loginsTo,
      RateLimiter signUps) {
    /**
     * One more try of a password, by whatever call.
     *
     * @throws io.keyhook.bus.FailureException rate limited
     */
    void checkLogin(String email, String address) {
      String anyCase = email.toLowerCase(Locale.ROOT);
      loginsOfAddress.check(address);
      logins.check(anyCase + ' ' + address);
      loginsTo.check(anyCase);
    }
  }

  private ApiRouter(Vertx vertx, KeyhookClient client, KeyhookOptions options, Limits limits) {
    this.router = Router.router(vertx);
    this.client = client;
    this.addresses = new ClientAddress(options.http().trustedProxies());
    this.authentication = new Authentication(client, options.operator().key(), addresses);
    this.calls = new Calls(router, authentication);
    this.limits = limits;
  }

  /** A router for one event loop; mounts under any path. */
  public static Router create(
      Vertx vertx, KeyhookClient client, KeyhookOptions options, Limits limits, Probes probes, WebPages pages) {
    ApiRouter api = new ApiRouter(vertx, client, options, limits);
    api.mount(probes, pages);
    return api.router;
  }

  private void mount(Probes probes, WebPages pages) {
    router.route("/api/validate").failureHandler(ValidateHandler::failed);
    router.post("/api/validate").handler(body()).handler(new ValidateHandler(client, addresses, limits.validations()));
    router.options("/api/validate").handler(ValidateHandler::preflight);
    router.route("/api/validate").handler(ValidateHandler::otherMethod);

    probes.mount(router);
    router.route("/api/*").handler(body());
    new SessionRoutes(client, addresses, limits).mount(calls);
    new PeopleRoutes(client, addresses, limits).mount(calls);
    new InfoRoutes(client).mount(calls);
    accounts();
    new LicenseRoutes(client).mount(calls);
    webhooks();
    deliveries();
    statistics();
    otherMethods();
    router.route().handler(pages::handle);
    // of all that is under the path where a host mounts it
    router.route().handler(context -> context.fail(404)).failureHandler(ApiRouter::failed);
    for (int status : new int[] {400, 404, 405, 413, 415, 417}) {
      router.errorHandler(status, ApiRouter::failed);
    }
  }

  private void accounts() {
    operatorCall(HttpMethod.POST, "/api/admin/accounts", 201, context -> client.createAccount(read(context, in ->
        new Accounts.Create(actor(context), in.text("name"), in.text("email"), in.text("password"), in.text("plan")))));
    operatorCall(HttpMethod.PATCH, "/api/admin/accounts/:id", 200, context -> client.updateAccount(read(context, in ->
        new Accounts.Update(actor(context), id(context), in.change("name", in::text), in.change("email", in::text),
            in.change("password", in::text), in.change("plan", in::text)))));
    accountCall(HttpMethod.GET, "/api/account", 200, context -> client.getAccount(new Accounts.Get(caller(context))));
    accountCall(HttpMethod.POST, "/api/api-keys", 201, context -> client.createApiKey(read(context, in ->
        new Accounts.CreateApiKey(caller(context), in.text("name")))));
    accountCall(HttpMethod.GET, "/api/api-keys", 200, context -> client.listApiKeys(query(context, in ->
        new Accounts.ListApiKeys(caller(context), in.page()))));
    accountCall(HttpMethod.GET, "/api/api-keys/:id", 200, context ->
        client.getApiKey(new Accounts.GetApiKey(caller(context), id(context))));
    accountCall(HttpMethod.DELETE, "/api/api-keys/:id", 204, context ->
        client.deleteApiKey(new Accounts.DeleteApiKey(caller(context), id(context))));
    accountCall(HttpMethod.GET, "/api/audit", 200, context -> client.listAudit(query(context, in ->
        new Audit.ListEntries(caller(context), in.text("action"), in.text("subjectId"), in.page()))));
  }

  private void webhooks() {
    accountCall(HttpMethod.POST, "/api/webhooks", 201, context -> client.createWebhook(read(context, in ->
        new Webhooks.Create(caller(context), in.text("url"), in.texts("events"), in.bool("isActive"),
            in.text("description")))));
    accountCall(HttpMethod.POST, "/api/webhooks/test", 200, context -> client.testWebhook(read(context, in ->
        new Webhooks.Test(caller(context), in.text("webhookId"), in.text("event")))));
    accountCall(HttpMethod.GET, "/api/webhooks", 200, context -> client.listWebhooks(query(context, in ->
        new Webhooks.ListAll(caller(context), in.page()))));
    accountCall(HttpMethod.GET, "/api/webhooks/:id", 200, context ->
        client.getWebhook(new Webhooks.Get(caller(context), id(context))));
    accountCall(HttpMethod.PATCH, "/api/webhooks/:id", 200, context -> client.updateWebhook(read(context, in ->
        new Webhooks.Update(caller(context), id(context), in.change("url", in::text), in.change("events", in::texts),
            in.change("isActive", in::bool), in.change("description", in::text)))));
    accountCall(HttpMethod.DELETE, "/api/webhooks/:id", 204, context ->
        client.deleteWebhook(new Webhooks.Delete(caller(context), id(context))));
    accountCall(HttpMethod.POST, "/api/webhooks/:id/rotate-secret", 200, context -> client.rotateSecret(read(context, in ->
        new Webhooks.RotateSecret(caller(context), id(context), in.integer("overlapHours")))));
    accountCall(HttpMethod.GET, "/api/webhooks/:id/health", 200, context ->
        client.getHealth(new Webhooks.GetHealth(caller(context), id(context))));
    accountCall(HttpMethod.POST, "/api/webhooks/:id/recover", 202, context -> client.recover(read(context, in ->
        new Deliveries.Recover(caller(context), id(context), in.time("since")))));
    accountCall(HttpMethod.GET, "/api/webhooks/:id/deliveries", 200, context -> client.listDeliveries(query(context, in ->
        new Deliveries.ListOf(caller(context), id(context), in.choice("status", Deliveries.Status.values()),
            in.text("event"), in.time("from"), in.time("to"), in.page()))));
  }

  private void deliveries() {
    accountCall(HttpMethod.GET, "/api/deliveries", 200, context -> client.listAllDeliveries(query(context, in ->
        new Deliveries.ListAll(caller(context), in.text("webhookId"), in.choice("status", Deliveries.Status.values()),
            in.text("event"), in.text("licenseId"), in.time("from"), in.time("to"), in.page()))));
    calls.accountStream(HttpMethod.GET, "/api/deliveries/stream", context ->
        DeliveryStream.open(context, client, authentication, query(context, in ->
            new Deliveries.Watch(caller(context), in.text("webhookId")))));
    accountCall(HttpMethod.POST, "/api/deliveries/redeliver", 202, context -> client.redeliverAll(read(context, in ->
        new Deliveries.RedeliverAll(caller(context), in.texts("ids")))));
    accountCall(HttpMethod.GET, "/api/deliveries/:id", 200, context ->
        client.getDelivery(new Deliveries.Get(caller(context), id(context))));
    accountCall(HttpMethod.POST, "/api/deliveries/:id/redeliver", 202, context -> client.redeliver(read(context, in ->
        new Deliveries.Redeliver(caller(context), id(context)))));
  }

  private void statistics() {
    accountCall(HttpMethod.GET, "/api/stats", 200, context -> client.getStatistics(query(context, in ->
        new Statistics.Get(caller(context), Statistics.Range.named(in.text("range"))))));
    accountCall(HttpMethod.GET, "/api/stats/webhooks", 200, context -> client.getWebhookStatistics(query(context, in ->
        new Statistics.GetWebhooks(caller(context)))));
  }

  private void accountCall(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    calls.account(method, path, status, call);
  }

  private void operatorCall(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    calls.operator(method, path, status, call);
  }

  /** After all others: who asks for a method that a path does not know is told those that it knows. */
  private void otherMethods() {
    Map<String, Set<String>> methods = new LinkedHashMap<>();
    router.getRoutes().stream().filter(route -> route.getPath() != null && route.methods() != null).forEach(route ->
        route.methods().forEach(method ->
            methods.computeIfAbsent(route.getPath(), path -> new LinkedHashSet<>()).add(method.name())));
    methods.forEach((path, known) -> router.route(path).handler(context -> {
      context.response().putHeader(HttpHeaders.ALLOW, String.join(", ", known));
      Answers.problem(context, 405, JsonBody.explain(405));
    }));
  }

  private static Handler<RoutingContext> body() {
    BodyHandler body = BodyHandler.create(false).setBodyLimit(JsonBody.MAX_BYTES);
    return context -> {
      JsonBody.takeNoForm(context.request());
      body.handle(context);
    };
  }

  private static void failed(RoutingContext context) {
    int status = context.statusCode();
    if (context.failure() instanceof HttpException e) {
      status = e.getStatusCode();
    }
    if ((status < 0 || status == 500) && BAD_ESCAPE.matcher(context.request().uri()).find()) {
      status = 400; // the router fails to decode it, and does not say so
    }
    if (ValidateHandler.isFor(context.request())) {
      ValidateHandler.failed(context);
    } else if (status >= 400 && status < 500) {
      Answers.problem(context, status, context.failure() instanceof HttpException e && e.getPayload() != null
          ? e.getPayload() : JsonBody.explain(status));
    } else {
      Answers.failure(context, context.failure());
    }
  }
}
