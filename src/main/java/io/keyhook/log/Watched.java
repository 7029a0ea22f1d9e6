package io.keyhook.log;

import io.keyhook.bus.Deliveries.Status;
import io.keyhook.bus.Deliveries.Summary;
import io.keyhook.log.DeliveryLicenseStore.Listed;
import io.keyhook.log.LiveStore.Look;
import io.keyhook.log.LiveStore.Place;
import io.keyhook.log.LiveStore.Seen;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * What an account's subscribers already know, and so what is new to them. A poll goes back further than the previous
 * one: ids are created before they are committed, and that of a test before it is sent. Belongs to one event loop.
 */
final class Watched {
  /** A test is logged when it is over, which takes as long as an attempt may. */
  private static final long LOOK_BACK_MILLIS = 25_000;
  private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();
  private static final int MAX_KNOWN = 1000;
  private static final int MAX_SOUGHT = 300;

  /** Who watches, the newest last. */
  final Deque<UUID> streams = new ArrayDeque<>();
  boolean looking;
  private final Set<Integer> retentions;
  private final Map<UUID, Known> known = new LinkedHashMap<>(16, 0.75f, true);
  /** News that nobody has been told yet, the oldest first. */
  private final Map<UUID, Listed> news = new LinkedHashMap<>();
  private Set<Place> expected = new HashSet<>();
  private long lastLook;

  private record Known(Place place, Status status, int attempts) {}

  /**
   * @param now by the database's clock, in milliseconds
   * @param retentions in days, of all plans
   */
  Watched(long now, Set<Integer> retentions) {
    this.lastLook = now;
    this.retentions = retentions;
  }

  /** From when on the next look is to find all. */
  long since() {
    return lastLook - LOOK_BACK_MILLIS;
  }

  /** Until when what was raised since, or is until the next look, can be kept. */
  Set<LocalDate> days() {
    Set<LocalDate> days = new TreeSet<>();
    for (long day = since() / DAY_MILLIS; day <= lastLook / DAY_MILLIS + 1; day++) {
      for (int retention : retentions) {
        days.add(LocalDate.ofEpochDay(day + retention));
      }
    }
    return days;
  }

  /** One that changes now, however old it is. */
  void expect(Place place) {
    if (expected.size() < MAX_SOUGHT) {
      expected.add(place);
    }
  }

  /** The deliveries that the next poll includes in any case: those that should change, and those that were pending. */
  List<Place> sought() {
    List<Place> sought = new ArrayList<>(expected);
    expected = new HashSet<>();
    List<Place> pending =
        known.values().stream().filter(one -> one.status == Status.PENDING).map(Known::place).toList();
    sought.addAll(pending.subList(Math.max(0, pending.size() - MAX_SOUGHT), pending.size()));
    return sought;
  }

  /** What is news in a look, and what was news before and is not {@link #told}. */
  List<Listed> news(Look look) {
    lastLook = Math.max(lastLook, look.millis());
    for (Seen seen : look.seen()) {
      Summary summary = seen.delivery().summary();
      Known before = known.get(seen.place().deliveryId());
      if (before == null || before.status != summary.status() || before.attempts != summary.attemptCount()) {
        known.put(seen.place().deliveryId(), new Known(seen.place(), summary.status(), summary.attemptCount()));
        news.put(seen.place().deliveryId(), seen.delivery());
      }
    }
    forget(known);
    forget(news);
    return List.copyOf(news.values());
  }

  /** The subscribers know the news. */
  void told() {
    news.clear();
  }

  private static void forget(Map<UUID, ?> deliveries) {
    Iterator<?> eldest = deliveries.values().iterator();
    for (int tooMany = deliveries.size() - MAX_KNOWN; tooMany > 0; tooMany--) {
      eldest.next();
      eldest.remove();
    }
  }
}
