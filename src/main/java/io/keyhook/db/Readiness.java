package io.keyhook.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.SslMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until a server that was just started answers queries, which it does not while it recovers from a crash. */
final class Readiness {

  /** Replaying {@code max_wal_size} from a slow disk takes minutes. */
  private static final Duration RECOVERY = Duration.ofMinutes(10);
  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);

  private final PGSimpleDataSource database = new PGSimpleDataSource();

  Readiness(int port, String user, String password) {
    database.setServerNames(new String[] {"127.0.0.1"});
    database.setPortNumbers(new int[] {port});
    database.setDatabaseName(user);
    database.setUser(user);
    database.setPassword(password);
    database.setSslMode(SslMode.DISABLE.value);
    database.setConnectTimeout(5);
    database.setSocketTimeout(10);
  }

  /**
   * @return false if the server ended instead
   * @throws EmbeddedServerException it runs and will not serve us
   */
  boolean await(Process postmaster) throws InterruptedException {
    long deadline = System.nanoTime() + RECOVERY.toNanos();
    long pause = 10;
    SQLException refused = refusal();
    while (refused != null) {
      if (postmaster.waitFor(pause, TimeUnit.MILLISECONDS)) {
        return false;
      }
      String state = String.valueOf(refused.getSQLState());
      if (state.startsWith("28") || state.equals("3D000")) {
        throw new EmbeddedServerException("PostgreSQL refuses the password in postgres.password, or has no database of"
            + " Keyhook's: restore both from one backup", refused);
      }
      if (System.nanoTime() > deadline) {
        throw new EmbeddedServerException("PostgreSQL did not answer within " + RECOVERY.toMinutes()
            + " minutes: see postgres.log, and start again", refused);
      }
      if (pause == 320) {
        LOG.info("PostgreSQL does not answer yet; recovering from a crash can take minutes");
      }
      pause = Math.min(2 * pause, 500); // each refusal is a line in the server's log
      refused = refusal();
    }
    return true;
  }

  private SQLException refusal() {
    try (Connection connection = database.getConnection()) {
      connection.createStatement().execute("SELECT 1");
      return null;
    } catch (SQLException e) {
      return e;
    }
  }
}
