package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.bus.Alerts.Outcome;
import io.vertx.core.Future;
import java.util.UUID;

/** A way to send messages. Belongs to one event loop. */
interface Channel {
  /** The name in the database. */
  String name();

  /** Whether a team member has turned it on, and this server has it. */
  boolean isOn(Stored settings);

  /** Never fails, and ends within half a minute: what goes wrong is in the outcome, without secrets. */
  Future<Outcome> send(UUID accountId, UUID userId, Stored settings, AlertText text);

  void close();
}
