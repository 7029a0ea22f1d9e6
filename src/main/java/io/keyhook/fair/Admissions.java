package io.keyhook.fair;

import com.sun.management.UnixOperatingSystemMXBean;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that the tenants of a node compete for, and how much of it there is. Deliveries have their own
 * {@link FairShare}, as their number is configured, and validations their own {@link Turns}, as they are batched.
 *
 * @param management calls that use the shared connections, by account or client address
 * @param authentications of API keys and tokens, by client address; as many have connections of their own
 * @param hashes of passwords with Argon2; {@code passwords} and {@code anonymousLogins} take turns, so that however many
 *     addresses guess passwords, an account waits for few of them
 * @param passwords of accounts, and of logins on known devices, by account; those that an administrator sets, by client address
 * @param anonymousLogins on devices that are not known, and sign-ups, by client address
 * @param searches of licenses; as many have connections of their own
 * @param names of webhooks' hosts that are resolved, by account: a name server may take as long as it is waited for
 * @param tests test deliveries, which wait for an endpoint
 * @param signatures of validations' results, by account
 * @param imports of more licenses than one statement creates, from the parsing of the file to the commit; others are
 *     management calls
 * @param exports of licenses, until the client has read the file
 * @param streams of deliveries, which clients keep open
 * @param recoveries steps of recoveries of failed deliveries, by account
 * @param connections of clients, by client address
 * @param pacer of the hashes, searches and imports: bulk work, which keeps a processor or the disk busy
 */
public record Admissions(
    Admission<Object> management, Admission<String> authentications,
    Admission<Admission<?>> hashes, Admission<Object> passwords, Admission<String> anonymousLogins, Admission<UUID> searches,
    Admission<UUID> names, Admission<UUID> tests, Admission<UUID> signatures, Admission<UUID> imports, Admission<UUID> exports,
    FairShare<UUID> streams, FairShare<UUID> recoveries, FairShare<String> connections, Pacer pacer) {
  private static final Logger log = LoggerFactory.getLogger(Admissions.class);
  /** For resources that are held for any time. A single account gets a fifth. */
  private static final double HELD_LONG = 0.25;
  /** For connections, of which many clients behind one address need many. */
  private static final double THREE_QUARTERS = 3;
  /** For what keeps a processor of the database busy. Of two permits, an account gets one. */
  private static final double ONE_OF_TWO = 0.5;
  /** Shared connections that management calls leave to the node's own work. */
  private static final int BACKGROUND = 2;
  private static final int CONNECTIONS_OF_A_LOOP = 10_000;
  private static final int MANY_WAIT = 1000;
  /** Less than a client waits. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  /** For what the tenants before may need seconds for. */
  private static final Duration LONG_PATIENCE = Duration.ofSeconds(10);
  /** For a turn behind the files of many others, each of which takes a second or two. */
  private static final Duration IMPORT_PATIENCE = Duration.ofSeconds(30);
  /** Of a permit that many wait for. */
  private static final Duration REST = Duration.ofMillis(250);
  /** Of an import's permit: several fit into the patience for a turn. */
  private static final Duration LONG_REST = Duration.ofSeconds(5);

  /**
   * @param connections to the database that are shared
   * @param loops event loops that serve clients
   */
  public static Admissions of(Vertx vertx, int connections, int loops, MeterRegistry meters) {
    int halfOfTheProcessors = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    Pacer pacer = new Pacer(halfOfTheProcessors).meteredBy(meters);
    return new Admissions(
        new Admission<>(vertx, "management calls", Math.max(1, connections - BACKGROUND), MANY_WAIT, PATIENCE)
            .meteredBy(meters),
        new Admission<String>(vertx, "authentications", 2, 2 * MANY_WAIT, PATIENCE).meteredBy(meters),
        new Admission<Admission<?>>(vertx, "password hashes", halfOfTheProcessors, MANY_WAIT, LONG_PATIENCE)
            .pacedBy(pacer, REST),
        new Admission<>(vertx, "passwords", halfOfTheProcessors, 150, LONG_PATIENCE).meteredBy(meters),
        new Admission<String>(vertx, "anonymous logins", halfOfTheProcessors, 150, LONG_PATIENCE).meteredBy(meters),
        new Admission<UUID>(vertx, "searches", new FairShare<>(2, ONE_OF_TWO), MANY_WAIT, LONG_PATIENCE)
            .pacedBy(pacer, REST).meteredBy(meters),
        new Admission<UUID>(vertx, "host names", new FairShare<>(128, HELD_LONG), MANY_WAIT, PATIENCE).meteredBy(meters),
        new Admission<UUID>(vertx, "webhook tests", new FairShare<>(128, HELD_LONG), 128, PATIENCE).meteredBy(meters),
        new Admission<UUID>(vertx, "signatures", halfOfTheProcessors, MANY_WAIT, PATIENCE).meteredBy(meters),
        new Admission<UUID>(vertx, "imports", new FairShare<>(2, ONE_OF_TWO), MANY_WAIT, IMPORT_PATIENCE)
            .restingBy(pacer, LONG_REST).meteredBy(meters),
        new Admission<UUID>(vertx, "exports", new FairShare<>(32, HELD_LONG), 32, PATIENCE).meteredBy(meters),
        new FairShare<UUID>(200, HELD_LONG).meteredBy(meters, "event streams"),
        new FairShare<UUID>(1000, HELD_LONG).meteredBy(meters, "recoveries"),
        new FairShare<String>(connections(loops, maxFiles()), THREE_QUARTERS).meteredBy(meters, "connections"), pacer);
  }

  /** Returns how many file descriptors this process may open; {@link Long#MAX_VALUE}: not known. */
  private static long maxFiles() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? system.getMaxFileDescriptorCount() : Long.MAX_VALUE;
  }

  /**
   * Returns how many connections clients may have. A quarter of the file descriptors is left to the database, to deliveries, and
   * to files, so that clients alone never keep the node from opening one.
   */
  static int connections(int loops, long maxFiles) {
    int most = CONNECTIONS_OF_A_LOOP * loops;
    if (maxFiles / 4 * 3 >= most) {
      return most;
    }
    int connections = (int) Math.max(1, maxFiles * 3 / 4);
    log.warn("Clients may have {} connections instead of {}, because this process may open {} files. Raise the limit to {}"
        + " (ulimit -n, or LimitNOFILE= in systemd)", connections, most, maxFiles, most / 3 * 4 + 4);
    return connections;
  }
}
