package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.sqlclient.PrepareOptions;
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.PreparedStatement;
import io.vertx.sqlclient.Query;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Transaction;
import io.vertx.sqlclient.spi.DatabaseMetadata;
import java.util.concurrent.atomic.AtomicReference;

/** The connection of a transaction, which notes its first statement: the log names a slow transaction by it. */
final class FirstStatement implements SqlConnection {
  private final SqlConnection connection;
  private final AtomicReference<String> first;
  private boolean noted;

  /**
   * @param first set with the first statement
   */
  FirstStatement(SqlConnection connection, AtomicReference<String> first) {
    this.connection = connection;
    this.first = first;
  }

  private String note(String sql) {
    if (!noted) {
      noted = true;
      first.set(sql);
    }
    return sql;
  }

  @Override
  public Query<RowSet<Row>> query(String sql) {
    return connection.query(note(sql));
  }

  @Override
  public PreparedQuery<RowSet<Row>> preparedQuery(String sql) {
    return connection.preparedQuery(note(sql));
  }

  @Override
  public PreparedQuery<RowSet<Row>> preparedQuery(String sql, PrepareOptions options) {
    return connection.preparedQuery(note(sql), options);
  }

  @Override
  public Future<PreparedStatement> prepare(String sql) {
    return connection.prepare(note(sql));
  }

  @Override
  public Future<PreparedStatement> prepare(String sql, PrepareOptions options) {
    return connection.prepare(note(sql), options);
  }

  @Override
  public SqlConnection exceptionHandler(Handler<Throwable> handler) {
    connection.exceptionHandler(handler);
    return this;
  }

  @Override
  public SqlConnection closeHandler(Handler<Void> handler) {
    connection.closeHandler(handler);
    return this;
  }

  @Override
  public Future<Transaction> begin() {
    return connection.begin();
  }

  @Override
  public Transaction transaction() {
    return connection.transaction();
  }

  @Override
  public boolean isSSL() {
    return connection.isSSL();
  }

  @Override
  public DatabaseMetadata databaseMetadata() {
    return connection.databaseMetadata();
  }

  @Override
  public Future<Void> close() {
    return connection.close();
  }
}
