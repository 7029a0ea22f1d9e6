package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Passkeys;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.http.HttpMethod;

/** Routes for passkeys. A failed login counts for its client address only: by a user's, a stranger could lock the user out. */
final class PasskeyRoutes {
  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final ApiRouter.Limits limits;
  private final Confirmation confirmation;
  private final OwnPages pages;

  PasskeyRoutes(KeyhookClient client, ClientAddress addresses, ApiRouter.Limits limits, Confirmation confirmation) {
    this.client = client;
    this.addresses = addresses;
    this.limits = limits;
    this.confirmation = confirmation;
    this.pages = new OwnPages(addresses);
  }

  void mount(Calls calls) {
    calls.account(HttpMethod.GET, "/api/auth/passkeys", 200, context ->
        client.listPasskeys(new Passkeys.ListAll(caller(context))));
    calls.account(HttpMethod.POST, "/api/auth/passkeys/begin", 200, context -> {
      Passkeys.Begin begin = read(context, in -> new Passkeys.Begin(caller(context), in.text("currentPassword"), in.text("code"),
          pages.origin(context.request())));
      confirmation.checkTries(context);
      return client.beginPasskey(begin);
    });
    calls.account(HttpMethod.POST, "/api/auth/passkeys", 201, context -> client.createPasskey(read(context, in ->
        new Passkeys.Create(caller(context), in.text("name"), in.text("attestationObject"), in.text("clientData"),
            pages.origin(context.request())))));
    calls.account(HttpMethod.PATCH, "/api/auth/passkeys/:id", 200, context -> client.renamePasskey(read(context, in ->
        new Passkeys.Rename(caller(context), id(context), in.text("name")))));
    calls.account(HttpMethod.POST, "/api/auth/passkeys/:id/delete", 204, context -> {
      Passkeys.Delete delete = read(context, in ->
          new Passkeys.Delete(caller(context), id(context), in.text("currentPassword"), in.text("code")));
      confirmation.checkTries(context);
      return client.deletePasskey(delete);
    });
    calls.open(HttpMethod.POST, "/api/auth/session/passkey/begin", 200, context -> client.beginPasskeyLogin(read(context, in ->
        new Passkeys.BeginLogin(pages.origin(context.request()), addresses.of(context.request())))));
    calls.open(HttpMethod.POST, "/api/auth/session/passkey", 200, context -> {
      Passkeys.Open open = read(context, in -> new Passkeys.Open(in.text("credentialId"), in.text("userHandle"),
          in.text("authenticatorData"), in.text("clientData"), in.text("signature"), pages.origin(context.request()),
          addresses.of(context.request()), SessionRoutes.userAgent(context.request())));
      limits.passkeysOfAddress().check(ClientTenant.of(open.address()));
      return client.openSession(open).map(opened -> {
        SessionCookies.set(context, addresses, opened.cookie(), opened.lasts());
        return opened.token();
      });
    });
  }
}
