package io.keyhook.http;

import static io.keyhook.http.Authentication.actor;
import static io.keyhook.http.Authentication.caller;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Licenses;
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
  private final ClientAddress addresses;
  private final Limits limits;

  /**
   * Shared by all routers of a node.
   *
   * @param logins to one e-mail from one address
   * @param loginsOfAddress to whichever e-mail
   * @param loginsTo one e-mail, from wherever
   */
  public record Limits(
      RateLimiter validations, RateLimiter logins, RateLimiter loginsOfAddress, RateLimiter loginsTo) {}

  private ApiRouter(Vertx vertx, KeyhookClient client, KeyhookOptions options, Limits limits) {
    this.router = Router.router(vertx);
    this.client = client;
    this.addresses = new ClientAddress(options.http().trustedProxies());
    this.authentication = new Authentication(client, options.operator().key(), addresses);
    this.limits = limits;
  }

  /** A router for one event loop; mounts under any path. */
  public static Router create(Vertx vertx, KeyhookClient client, KeyhookOptions options, Limits limits, Probes probes) {
    ApiRouter api = new ApiRouter(vertx, client, options, limits);
    api.mount(probes);
    return api.router;
  }

  private void mount(Probes probes) {
    router.route("/api/validate").failureHandler(ValidateHandler::failed);
    router.post("/api/validate").handler(body()).handler(new ValidateHandler(client, addresses, limits.validations()));
    router.options("/api/validate").handler(ValidateHandler::preflight);
    router.route("/api/validate").handler(ValidateHandler::otherMethod);

    probes.mount(router);
    router.route("/api/*").handler(body());
    accounts();
    licenses();
    webhooks();
    deliveries();
    statistics();
    otherMethods();
    // of all that is under the path where a host mounts it
    router.route().handler(context -> context.fail(404)).failureHandler(ApiRouter::failed);
    for (int status : new int[] {400, 404, 405, 413, 415, 417}) {
      router.errorHandler(status, ApiRouter::failed);
    }
  }

  private void accounts() {
    call(HttpMethod.POST, "/api/auth/login", 200, context -> {
      Accounts.Login login = read(context, in -> new Accounts.Login(in.text("email"), in.text("password")));
      String address = ClientAddress.limitKey(addresses.of(context.request()));
      String email = login.email().toLowerCase(Locale.ROOT);
      limits.loginsOfAddress().check(address);
      limits.logins().check(email + ' ' + address);
      limits.loginsTo().check(email);
      return client.login(login);
    });
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

  private void licenses() {
    accountCall(HttpMethod.POST, "/api/licenses", 201, context -> client.createLicense(read(context, in ->
        new Licenses.Create(caller(context), in.text("name"), in.text("key"), in.integer("maxActivations"),
            in.time("expiresAt"), in.text("customerName"), in.text("customerEmail"), in.object("metadata")))));
    accountCall(HttpMethod.GET, "/api/licenses", 200, context -> client.listLicenses(query(context, in ->
        new Licenses.List(caller(context), in.text("search"), in.choice("status", Licenses.Status.values()), in.page()))));
    accountCall(HttpMethod.GET, "/api/licenses/:id", 200, context ->
        client.getLicense(new Licenses.Get(caller(context), id(context))));
    accountCall(HttpMethod.PATCH, "/api/licenses/:id", 200, context -> client.updateLicense(read(context, in ->
        new Licenses.Update(caller(context), id(context), in.change("name", in::text),
            in.change("maxActivations", in::integer), in.change("expiresAt", in::time),
            in.change("customerName", in::text), in.change("customerEmail", in::text),
            in.change("metadata", in::object)))));
    accountCall(HttpMethod.DELETE, "/api/licenses/:id", 204, context ->
        client.deleteLicense(new Licenses.Delete(caller(context), id(context))));
    accountCall(HttpMethod.POST, "/api/licenses/:id/disable", 200, context -> client.setLicenseDisabled(read(context, in ->
        new Licenses.SetDisabled(caller(context), id(context), true))));
    accountCall(HttpMethod.POST, "/api/licenses/:id/enable", 200, context -> client.setLicenseDisabled(read(context, in ->
        new Licenses.SetDisabled(caller(context), id(context), false))));
    accountCall(HttpMethod.GET, "/api/licenses/:id/activations", 200, context -> client.listActivations(query(context, in ->
        new Licenses.ListActivations(caller(context), id(context), in.page()))));
    accountCall(HttpMethod.DELETE, "/api/licenses/:id/activations/:activationId", 204, context ->
        client.deleteActivation(
            new Licenses.DeleteActivation(caller(context), id(context), context.pathParam("activationId"))));
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
    router.get("/api/deliveries/stream").handler(authentication::account).handler(context ->
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
    router.route(method, path).handler(authentication::account);
    call(method, path, status, call);
  }

  private void operatorCall(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    router.route(method, path).handler(authentication::operator);
    call(method, path, status, call);
  }

  private void call(HttpMethod method, String path, int status, Function<RoutingContext, Future<?>> call) {
    router.route(method, path).handler(context -> call.apply(context).onComplete(answer -> {
      if (status == 204) {
        Answers.nothing(context.response());
      } else {
        Answers.json(context, status, answer);
      }
    }, context::fail));
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

  private static String id(RoutingContext context) {
    return context.pathParam("id");
  }

  private static <T> T read(RoutingContext context, Function<Input, T> message) {
    JsonBody.requireJson(context);
    Input in = Input.of(context.body().buffer());
    return in.into(() -> message.apply(in));
  }

  private static <T> T query(RoutingContext context, Function<QueryInput, T> message) {
    QueryInput in = new QueryInput(context);
    return in.into(() -> message.apply(in));
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
      Answers.problem(context, status, JsonBody.explain(status));
    } else {
      Answers.failure(context, context.failure());
    }
  }
}
