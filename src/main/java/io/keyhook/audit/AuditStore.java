package io.keyhook.audit;

import static io.keyhook.db.Rows.all;

import io.keyhook.bus.Actor;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Audit.Entry;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of the audit log: it is added to and read, and nothing else. */
public final class AuditStore {
  private static final String WRITE_ALL = """
      INSERT INTO keyhook.audit (account_id, action, subject_id, changed, actor, actor_id, ip_address)
      SELECT $1, $2, subject_id, '{}', $4, $5, $6 FROM unnest($3::text[]) subject_id""";
  private static final String WRITE = """
      INSERT INTO keyhook.audit (account_id, action, subject_id, changed, actor, actor_id, ip_address)
      VALUES ($1, $2, $3, $4, $5, $6, $7)""";
  // Each form has an index that it reads in order.
  private static final String LIST = """
      SELECT entry_id, action, subject_id, changed, actor, actor_id, ip_address
      FROM keyhook.audit WHERE account_id = $1 AND entry_id < $2%s
      ORDER BY entry_id DESC LIMIT $3""";
  private static final String LIST_ALL = LIST.formatted("");
  private static final String LIST_ACTION = LIST.formatted(" AND action = $4");
  private static final String LIST_SUBJECT = LIST.formatted(" AND subject_id = $4");
  private static final String LIST_BOTH = LIST.formatted(" AND subject_id = $4 AND action = $5");
  private static final String HAS_ENTRIES = "SELECT EXISTS (SELECT FROM keyhook.audit WHERE account_id = $1)";

  private AuditStore() {}

  /**
   * Records what the transaction does.
   *
   * @param subjectId the ID of what is changed, with its prefix
   * @param changed names of the fields in the request, never their values
   */
  public static Future<Void> write(SqlClient tx, Caller caller, Action action, String subjectId, List<String> changed) {
    Actor actor = caller.actor();
    return tx.preparedQuery(WRITE)
        .execute(Tuple.tuple().addUUID(caller.accountId()).addString(action.wireName()).addString(subjectId)
            .addArrayOfString(changed.toArray(String[]::new)).addString(actor.name()).addString(actor.id())
            .addString(actor.address()))
        .mapEmpty();
  }

  /** Writes down the same of several, without fields. */
  public static Future<Void> writeAll(SqlClient tx, Caller caller, Action action, List<String> subjectIds) {
    Actor actor = caller.actor();
    return tx.preparedQuery(WRITE_ALL)
        .execute(Tuple.tuple().addUUID(caller.accountId()).addString(action.wireName())
            .addArrayOfString(subjectIds.toArray(String[]::new)).addString(actor.name()).addString(actor.id())
            .addString(actor.address()))
        .mapEmpty();
  }

  static Future<Page<Entry>> list(SqlClient client, Audit.ListEntries query, Optional<Action> action) {
    Page.Request page = query.page();
    Tuple parameters = Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1);
    String sql = query.subjectId() == null ? action.isEmpty() ? LIST_ALL : LIST_ACTION
        : action.isEmpty() ? LIST_SUBJECT : LIST_BOTH;
    if (query.subjectId() != null) {
      parameters.addString(query.subjectId());
    }
    action.ifPresent(one -> parameters.addString(one.wireName()));
    return client.preparedQuery(sql).execute(parameters)
        .map(rows -> Page.of(all(rows, AuditStore::entry), page.limit(), entry -> Id.AUDIT_ENTRY.parse(entry.id())));
  }

  static Future<Boolean> hasEntries(SqlClient client, UUID accountId) {
    return client.preparedQuery(HAS_ENTRIES).execute(Tuple.of(accountId)).map(rows -> rows.iterator().next().getBoolean(0));
  }

  private static Entry entry(Row row) {
    UUID id = row.getUUID(0);
    return new Entry(Id.AUDIT_ENTRY.of(id), row.getString(1), row.getString(2), List.of(row.getArrayOfStrings(3)),
        row.getString(4), row.getString(5), row.getString(6), Instant.ofEpochMilli(Id.millis(id)));
  }
}
