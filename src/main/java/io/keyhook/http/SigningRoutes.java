package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Page;
import io.keyhook.bus.SigningKeys;
import io.keyhook.bus.SigningKeys.SigningKey;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** Routes for the keys that sign validations. The public keys are for everyone, in the form of RFC 7517 and RFC 8037. */
final class SigningRoutes {
  private static final CharSequence KEY_SET = HttpHeaders.createOptimized("application/jwk-set+json");
  /** A new key signs hours after it is public, so caches may be minutes behind. */
  private static final CharSequence CACHED = HttpHeaders.createOptimized("public, max-age=300");
  private static final CharSequence ANY = HttpHeaders.createOptimized("*");

  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final RateLimiter limiter;

  private record KeySet(List<Jwk> keys) {}

  private record Jwk(String kty, String crv, String use, String alg, String kid, String x) {
    static Jwk of(SigningKey key) {
      return new Jwk("OKP", "Ed25519", "sig", "EdDSA", key.id(), key.publicKey());
    }
  }

  /**
   * @param limiter of validations: public keys count towards it
   */
  SigningRoutes(KeyhookClient client, ClientAddress addresses, RateLimiter limiter) {
    this.client = client;
    this.addresses = addresses;
    this.limiter = limiter;
  }

  void mount(Calls calls) {
    calls.open(HttpMethod.GET, "/api/accounts/:accountId/.well-known/jwks.json", this::keySet);
    calls.account(HttpMethod.GET, "/api/signing-keys", 200, context ->
        client.listSigningKeys(new SigningKeys.ListAll(caller(context))));
    calls.accountOnce("/api/signing-keys/rotate", 200, context -> client.rotateSigningKey(read(context, in ->
        new SigningKeys.Rotate(caller(context), in.integer("overlapHours")))));
    calls.account(HttpMethod.DELETE, "/api/signing-keys/:id", 204, context ->
        client.deleteSigningKey(new SigningKeys.Delete(caller(context), id(context))));
  }

  private void keySet(RoutingContext context) {
    String address = addresses.of(context.request());
    limiter.check(ClientTenant.of(address));
    Calls.refuseParameters(context);
    client.getPublicKeys(new SigningKeys.GetPublic(context.pathParam("accountId")), address)
        .onComplete(keys -> send(context, keys), context::fail);
  }

  private static void send(RoutingContext context, Page<SigningKey> keys) {
    context.response().putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    Answers.cacheable(context.response(), CACHED, KEY_SET,
        Buffer.buffer(JsonText.bytes(new KeySet(keys.data().stream().map(Jwk::of).toList()))));
  }
}
