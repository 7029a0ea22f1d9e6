package io.keyhook.idempotency;

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

  public IdempotencyVerticle(Idempotency idempotency) {
    this.idempotency = idempotency;
  }

  @Override
  public Future<?> start() {
    vertx.setPeriodic(0, INTERVAL.toMillis(), timer -> idempotency.deleteExpired().onFailure(e ->
        log.warn("Could not delete expired idempotency keys; retrying in {} minutes: {}",
            INTERVAL.toMinutes(), e.getMessage())));
    return Future.succeededFuture();
  }
}
