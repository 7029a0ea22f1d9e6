package io.keyhook.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;

/**
 * The process of hostile callers and a hostile receiver. Attackers bring machines of their own, so that here they get the
 * time that nobody else wants: what is measured is what they cost, not that they run beside.
 */
public final class Attack implements AutoCloseable {
  private final Child child;
  private final int receiver;

  /** What the process does. */
  public enum Mode {
    /** Nothing. */
    REST,
    ATTACK,
    /** Computes on each processor, and calls nobody: what it costs the others is the machine's doing alone. */
    COMPUTE
  }

  Attack(Child child) throws IOException {
    this.child = child;
    this.receiver = Integer.parseInt(child.hear());
  }

  /** Gives the tenant a webhook with the hostile receiver. */
  public void prepare(Installation installation, Lab lab, Installation.Account tenant)
      throws IOException, InterruptedException {
    installation.webhook(tenant, "http://127.0.0.1:" + receiver + "/", true);
    child.ask(new JsonObject().put("port", installation.port()).put("token", tenant.token())
        .put("keyPrefix", tenant.keyPrefix())
        .put("hangs", installation.webhook(tenant, lab.receivers().url("hang/it"), false)).encode());
  }

  /** Returns how often it has received each status so far. */
  public JsonObject set(Mode mode) throws IOException {
    return new JsonObject(child.ask(mode.name()));
  }

  @Override
  public void close() {
    child.close();
  }
}
