package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Stored;
import io.keyhook.bus.Alerts.Outcome;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.UUID;

/** A way to send messages. Belongs to one event loop. */
interface Channel {
  /** The name in the database. */
  String name();

  /** Messages that this node sends at a time, 1 or more. */
  int lanes();

  /** The longest time that {@link #send} takes. */
  Duration longest();

  /** Whether a team member has turned it on, and this server has it. */
  boolean isOn(Stored settings);

  /** Never fails, and ends within {@link #longest}: what goes wrong is in the outcome, without secrets. */
  Future<Outcome> send(UUID accountId, UUID userId, Stored settings, AlertText text);

  void close();
}
