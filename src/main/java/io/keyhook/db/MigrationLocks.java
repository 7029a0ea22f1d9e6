package io.keyhook.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * Limits how long each statement of a migration waits for a lock, whatever its file sets. Every call that needs the same
 * table queues behind a statement that waits, so a long transaction of somebody else's would stop all nodes. A statement
 * that runs out of time fails, its transaction is rolled back, and {@link Migrations#run} tries again.
 *
 * <p>Calls fail no more by deadlock. PostgreSQL looks for one after {@code deadlock_timeout}, 1 s, and fails the call that
 * has waited so long. The limit is shorter, so the migration gives way first, as long as it takes all its locks before it
 * does its work.
 */
final class MigrationLocks implements Callback {
  private static final String SHORT = "SET LOCAL lock_timeout = '500ms'";
  /** Outside a transaction, statements have CONCURRENTLY: they wait until transactions end, and nobody waits for them. */
  private static final String LONG = "SET lock_timeout = '1min'";

  /**
   * What landed migrations lock in another order than nodes do, or after work that takes its time, by their version. They
   * take these locks first, in the nodes' order.
   */
  private static final Map<String, String> FIRST = Map.of(
      "2", "LOCK TABLE keyhook.activation, keyhook.delivery_queue, keyhook.delivery IN ACCESS EXCLUSIVE MODE",
      "5", "LOCK TABLE keyhook.license IN SHARE MODE; LOCK TABLE keyhook.member IN ACCESS EXCLUSIVE MODE");

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.BEFORE_EACH_MIGRATE || event == Event.BEFORE_EACH_MIGRATE_STATEMENT;
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return true;
  }

  @Override
  public void handle(Event event, Context context) {
    try (Statement statement = context.getConnection().createStatement()) {
      statement.execute(isInTransaction(context.getConnection()) ? SHORT : LONG);
      String first = FIRST.get(context.getMigrationInfo().getVersion().getVersion());
      if (event == Event.BEFORE_EACH_MIGRATE && first != null) {
        statement.execute(first);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static boolean isInTransaction(Connection connection) throws SQLException {
    return !connection.getAutoCommit();
  }

  @Override
  public String getCallbackName() {
    return getClass().getSimpleName();
  }
}
