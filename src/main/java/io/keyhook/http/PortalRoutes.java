package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Portals;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.Objects;

/** Routes for portal links, and for the sessions that they open. A session makes the calls that {@link Permissions} names. */
final class PortalRoutes {
  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final ApiRouter.Limits limits;
  private final OwnPages pages;

  PortalRoutes(KeyhookClient client, ClientAddress addresses, ApiRouter.Limits limits) {
    this.client = client;
    this.addresses = addresses;
    this.limits = limits;
    this.pages = new OwnPages(addresses);
  }

  void mount(Calls calls) {
    calls.accountOnce("/api/portal-links", 201, context -> client.createPortalLink(read(context, in ->
        new Portals.Create(caller(context), WebhookRoutes.owner(in), in.integer("expiresInSeconds"), in.texts("events"),
            in.bool("canManage"), in.integer("maxWebhooks")))));
    calls.accountQuery("/api/portal-links", (context, in) -> new Portals.ListAll(caller(context), in.page()), client::listPortalLinks);
    calls.account(HttpMethod.DELETE, "/api/portal-links/:id", 204, context ->
        client.revokePortalLink(new Portals.Revoke(caller(context), id(context))));
    calls.open(HttpMethod.POST, "/api/portal/session", 200, context -> {
      Portals.Open open = read(context, in -> new Portals.Open(in.text("token"), addresses.of(context.request())));
      pages.refuseOthers(context.request());
      limits.loginsOfAddress().check(ClientTenant.of(open.ipAddress()));
      return client.openPortal(open).map(opened -> answer(context, opened));
    });
    calls.open(HttpMethod.POST, "/api/portal/refresh", 200, context -> {
      Portals.Resume resume = read(context, in -> new Portals.Resume(SessionCookies.readPortal(context), addresses.of(context.request())));
      pages.require(context.request());
      limits.validations().check(ClientTenant.of(resume.ipAddress())); // not as logins, which strangers at one address must not use up
      return client.resumePortal(resume).map(opened -> answer(context, opened));
    });
    calls.open(HttpMethod.POST, "/api/portal/logout", 204, context -> {
      String cookie = SessionCookies.readPortal(context);
      String session = Authentication.portalSession(context).orElse(cookie); // another link may have replaced the cookie since
      Portals.End end = read(context, in -> new Portals.End(session, addresses.of(context.request())));
      pages.require(context.request());
      limits.validations().check(ClientTenant.of(end.ipAddress()));
      return client.endPortal(end).onSuccess(ended -> {
        if (Objects.equals(session, cookie)) {
          SessionCookies.clearPortal(context, addresses);
        }
      });
    });
  }

  private Portals.Session answer(RoutingContext context, Portals.Opened opened) {
    SessionCookies.setPortal(context, addresses, opened.cookie(), opened.lasts());
    return opened.session();
  }
}
