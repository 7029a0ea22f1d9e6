package io.keyhook.signing;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/** Serves the keys that sign validations. */
public final class SigningVerticle extends VerticleBase {
  private final Bus bus;
  private final SigningKeyRing keys;

  public SigningVerticle(Bus bus, SigningKeyRing keys) {
    this.bus = bus;
    this.keys = keys;
  }

  @Override
  public Future<?> start() {
    bus.answer(Addresses.LIST_SIGNING_KEYS, query -> keys.list(query.caller().accountId()));
    bus.answer(Addresses.GET_PUBLIC_KEYS, query -> keys.list(Id.ACCOUNT.parse(query.accountId())));
    bus.answer(Addresses.ROTATE_SIGNING_KEY, keys::rotate);
    bus.answer(Addresses.DELETE_SIGNING_KEY, keys::delete);
    return Future.succeededFuture();
  }
}
