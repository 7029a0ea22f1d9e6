package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Sessions;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;

/** Routes for dashboard sessions. A browser sends the cookie by itself, so calls that need only the cookie are for {@link OwnPages}. */
final class SessionRoutes {
  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final ApiRouter.Limits limits;
  private final OwnPages pages;

  SessionRoutes(KeyhookClient client, ClientAddress addresses, ApiRouter.Limits limits) {
    this.client = client;
    this.addresses = addresses;
    this.limits = limits;
    this.pages = new OwnPages(addresses);
  }

  void mount(Calls calls) {
    calls.open(HttpMethod.POST, "/api/auth/login", 200, context -> {
      Accounts.Login login = login(context);
      return checkLimits(context, login).compose(device -> client.login(login.on(device.orElse(null))));
    });
    calls.open(HttpMethod.POST, "/api/auth/session", 200, context -> {
      Accounts.Login login = login(context);
      pages.refuseOthers(context.request());
      return checkLimits(context, login).compose(device ->
          client.openSession(new Sessions.Open(login.on(device.orElse(null)), login.userAgent())).map(opened -> {
            Accounts.Token token = answer(context, opened);
            SessionCookies.setDevice(context, addresses, device.orElse(opened.deviceCookie()));
            return token;
          }));
    });
    calls.open(HttpMethod.POST, "/api/auth/refresh", 200, context -> {
      Sessions.Refresh refresh = read(context, in ->
          new Sessions.Refresh(SessionCookies.read(context), addresses.of(context.request())));
      pages.require(context.request());
      return client.refreshSession(refresh).map(opened -> answer(context, opened));
    });
    calls.open(HttpMethod.POST, "/api/auth/logout", 204, context -> {
      Sessions.End end = read(context, in ->
          new Sessions.End(SessionCookies.read(context), addresses.of(context.request())));
      pages.require(context.request());
      return client.endSession(end).onSuccess(ended -> SessionCookies.clear(context, addresses));
    });
    ofCaller(calls);
  }

  private void ofCaller(Calls calls) {
    calls.accountQuery("/api/auth/sessions", (context, in) ->
        new Sessions.ListSessions(caller(context), SessionCookies.read(context), in.page()), client::listSessions);
    calls.account(HttpMethod.DELETE, "/api/auth/sessions/:id", 204, context ->
        client.endSession(new Sessions.EndOne(caller(context), id(context))));
    calls.account(HttpMethod.POST, "/api/auth/sessions/end-others", 204, context -> client.endOtherSessions(read(context, in ->
        new Sessions.EndOthers(caller(context), SessionCookies.read(context)))));
  }

  /** Without the characters that PostgreSQL refuses. */
  static String userAgent(HttpServerRequest request) {
    String header = request.getHeader(HttpHeaders.USER_AGENT);
    return header == null ? null : header.chars().map(c -> c >= ' ' && c < 0x7f ? c : '?')
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
  }

  private Accounts.Login login(RoutingContext context) {
    String address = addresses.of(context.request());
    return read(context, in -> new Accounts.Login(in.text("email"), in.text("password"), address, null, in.text("code"),
        userAgent(context.request())));
  }

  /**
   * Fails where too many have tried lately: on this device, if somebody has logged in on it with this e-mail before, and else
   * on all others.
   *
   * @return the device's cookie, or empty
   */
  private Future<Optional<String>> checkLimits(RoutingContext context, Accounts.Login login) {
    List<String> cookies = SessionCookies.devices(context);
    return (cookies.isEmpty() ? Future.succeededFuture(Optional.<String>empty())
        : client.findDevice(new Sessions.FindDevice(login.email(), cookies)))
        .map(device -> {
          device.ifPresentOrElse(cookie -> limits.checkKnownLogin(login.email(), cookie),
              () -> limits.checkLogin(login.email(), ClientTenant.of(login.address())));
          return device;
        });
  }

  private Accounts.Token answer(RoutingContext context, Sessions.Opened opened) {
    if (opened.cookie() != null) {
      SessionCookies.set(context, addresses, opened.cookie(), opened.lasts());
    }
    return opened.token();
  }
}
