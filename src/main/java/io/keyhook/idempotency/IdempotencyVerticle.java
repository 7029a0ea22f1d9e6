package io.keyhook.idempotency;

import io.keyhook.db.Chore;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes expired idempotency keys. Runs on any number of nodes. */
public final class IdempotencyVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(IdempotencyVerticle.class);
  private static final Duration INTERVAL = Duration.ofMinutes(10);

  private final Idempotency idempotency;
  private Chore chore;

  public IdempotencyVerticle(Idempotency idempotency) {
    this.idempotency = idempotency;
  }

  @Override
  public Future<?> start() {
    chore = Chore.every(vertx, log, "delete expired idempotency keys", INTERVAL, idempotency::deleteExpired);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }
}
