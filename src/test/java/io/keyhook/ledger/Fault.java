package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Postgres;
import io.keyhook.testing.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What happens in the middle of a round, under load. */
enum Fault {
  KEYHOOK_KILLED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      NodeProcess node = rig.nodes().get(0);
      node.kill();
      Set<String> inFlight = rig.leases().keySet();
      rig.replace(node);
      return inFlight;
    }
  },
  BOTH_KILLED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      NodeProcess node = rig.nodes().get(0);
      rig.postgres().kill();
      node.kill();
      rig.postgres().startAgain();
      Set<String> inFlight = rig.leases().keySet();
      rig.replace(node);
      return inFlight;
    }
  },
  SIGTERM(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      stop(rig, rig.nodes().get(0));
      return NONE;
    }
  },
  POSTGRES_KILLED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.postgres().kill();
      rig.postgres().startAgain();
      return NONE;
    }
  },
  POSTGRES_STOPPED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.postgres().stopImmediately();
      rig.postgres().startAgain();
      return NONE;
    }
  },
  POSTGRES_FROZEN(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.postgres().freeze();
      await().pollDelay(Duration.ofSeconds(20)).atMost(Duration.ofSeconds(30)).until(() -> true);
      rig.postgres().thaw();
      return NONE;
    }
  },
  NETWORK_DELAYS(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.proxy().delay(Duration.ofMillis(300));
      return meanwhile(rig, round);
    }
  },
  NETWORK_STALLS(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.proxy().stall();
      round.load().allow(WHILE);
      round.load().awaitAllWaiting();
      rig.proxy().open();
      return NONE;
    }
  },
  NETWORK_RESETS(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      for (int i = 0; i < 5; i++) {
        rig.proxy().reset();
        meanwhile(rig, round);
      }
      return NONE;
    }
  },
  NETWORK_CUTS(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      int enough = rig.proxy().severed() + 20;
      rig.proxy().sever();
      round.load().allow(WHILE);
      await("connections are severed").atMost(Waiting.LONG).until(() -> rig.proxy().severed() >= enough);
      rig.proxy().open();
      return NONE;
    }
  },
  NETWORK_THROTTLES(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.proxy().throttle(16 * 1024);
      return meanwhile(rig, round);
    }
  },
  CLOCK_MOVED(1) {
    @Override
    Map<String, String> environment(Rig rig) {
      return MovedClock.of(rig).environment();
    }

    @Override
    Set<String> strike(Rig rig, Round round) {
      round.receiver().takeAnyTime();
      MovedClock clock = MovedClock.of(rig);
      for (Duration by : new Duration[] {Duration.ofHours(1), Duration.ofHours(-1), Duration.ZERO}) {
        int before = round.receiver().all().size();
        clock.move(by);
        await("the node's clock is moved by " + by).atMost(Waiting.LONG).until(() -> {
          round.load().allow(5);
          return round.receiver().all().stream().skip(before).anyMatch(delivery -> MovedClock.isMoved(delivery, by));
        });
      }
      return NONE;
    }
  },
  NODE_KILLED(2) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      return killOne(rig);
    }
  },
  NODE_PAUSED(2) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      NodeProcess paused = rig.nodes().get(0);
      NodeProcess other = rig.nodes().get(1);
      Answer.Held first = Answer.held(Round::answer);
      int enough = round.receiver().all().size() + 20;
      round.load().allow(WHILE);
      round.receiver().answer(first);
      await("attempts are in flight").atMost(Waiting.LONG).until(() -> round.receiver().all().size() >= enough);
      rig.freeze(paused);
      Map<String, Long> leases = rig.leases();
      round.receiver().answer(Round::answer);
      first.release();
      await("the other node has nothing to do").atMost(Waiting.LONG).until(() -> other.held() == 0);
      leases.entrySet().retainAll(rig.leases().entrySet());
      Set<String> inFlight = leases.keySet();

      Answer.Held second = Answer.held(Round::answer);
      int before = round.receiver().all().size();
      round.receiver().answer(request ->
          (inFlight.contains(request.getHeader("webhook-id")) ? second : (Answer) Round::answer).to(request));
      await("the lease is over, and the other node sends it all").atMost(LEASE).until(() -> round.receiver().all()
          .stream().skip(before).map(Delivery::id).toList().containsAll(inFlight));
      List<String> rows = rig.rows(inFlight);
      rig.thaw(paused);
      await("the late results are handed in").atMost(Waiting.LONG).until(() -> paused.held() == 0);
      assertThat(rig.rows(inFlight)).as("in the queue, after the late results").isEqualTo(rows)
          .hasSize(inFlight.size());
      round.receiver().answer(Round::answer);
      second.release();
      return inFlight;
    }

    @Override
    void check(Count count) {
      assertThat(count.unlogged()).as("late results that were refused").isPositive().isEqualTo(count.duplicates());
    }
  },
  NODE_OF_THREE_KILLED(3) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      return killOne(rig);
    }
  },
  ROLLING_RESTART(3) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      for (NodeProcess node : rig.nodes()) {
        round.load().allow(WHILE);
        stop(rig, node);
      }
      return NONE;
    }
  },
  /** The old primary stays up, read-only, with its connections. */
  FAILOVER_DEMOTED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      return failOver(rig, round, Postgres::demote);
    }
  },
  FAILOVER_DIED(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      return failOver(rig, round, Postgres::end);
    }
  },
  /** The old primary stays up, and nothing passes on its connections any more. */
  FAILOVER_CUT_OFF(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      return failOver(rig, round, old -> rig.proxy().abandon());
    }
  },
  DISK_FULL(1) {
    @Override
    Set<String> strike(Rig rig, Round round) {
      rig.disk().fill();
      round.load().callUntilRefused(WHILE);
      rig.awaitNotReady();
      switchLog(rig);
      round.load().callUntilRefused(WHILE);
      rig.disk().empty();
      rig.awaitReady();
      return NONE;
    }

    /** A new file of the write-ahead log finds no room either, and PostgreSQL ends itself. */
    private void switchLog(Rig rig) {
      try {
        rig.postgres().administer("SELECT pg_switch_wal()");
      } catch (IllegalStateException full) {
        // as it is meant; or it has ended itself already
      }
    }
  };

  /** What may arrive twice where nothing was killed or frozen that sends. */
  private static final Set<String> NONE = Set.of();
  /** Calls that are to be acknowledged during a fault. */
  private static final int WHILE = 30;

  /** Of 30 s, with a look at the queue each second. */
  private static final Duration LEASE = Duration.ofSeconds(60);

  private final int nodes;

  Fault(int nodes) {
    this.nodes = nodes;
  }

  /** How many nodes it needs. */
  int nodes() {
    return nodes;
  }

  Lane.Kind lane() {
    return switch (this) {
      case DISK_FULL -> Lane.Kind.SMALL_DISK;
      case POSTGRES_FROZEN, NODE_PAUSED, FAILOVER_DEMOTED, FAILOVER_DIED, FAILOVER_CUT_OFF -> Lane.Kind.WAITING;
      default -> Lane.Kind.USUAL;
    };
  }

  /** In what environment they run. */
  Map<String, String> environment(Rig rig) {
    return Map.of();
  }

  /** Strikes, and lasts until it is over; gives what was in flight where something that sends was hit. */
  abstract Set<String> strike(Rig rig, Round round);

  /** Demands that it alone has. */
  void check(Count count) {}

  /** Such as {@code keyhook-killed}. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Every commit waits for the standby, so that what was acknowledged is there. */
  private static Set<String> failOver(Rig rig, Round round, Consumer<Postgres> fate) {
    rig.addStandby();
    round.load().allow(WHILE);
    round.load().awaitAcknowledged(WHILE / 2);
    round.load().allow(WHILE);
    rig.failOver(fate);
    round.load().allow(WHILE);
    round.load().awaitAcknowledged(WHILE);
    rig.awaitReady();
    return NONE;
  }

  private static Set<String> meanwhile(Rig rig, Round round) {
    round.load().allow(WHILE);
    round.load().awaitAcknowledged(WHILE);
    rig.proxy().open();
    return NONE;
  }

  private static Set<String> killOne(Rig rig) {
    NodeProcess node = rig.nodes().get(0);
    node.kill();
    Set<String> inFlight = rig.leases().keySet();
    rig.forget(node);
    return inFlight;
  }

  /** SIGTERM, and another in its place. */
  private static void stop(Rig rig, NodeProcess node) {
    assertThat(node.stop()).as("exit code").isIn(0, 143);
    rig.replace(node);
  }
}
