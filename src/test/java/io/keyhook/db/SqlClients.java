package io.keyhook.db;

import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;

/** The two ways in which Keyhook connects, which have to agree. */
enum SqlClients {
  /** The event loops' client. */
  VERTX {
    @Override
    String value(Vertx vertx, URI uri, String sql) {
      Database database = Database.of(vertx, uri, 1);
      try {
        return Waiting.on(database.pool().query(sql).execute().map(rows -> rows.iterator().next().getString(0)));
      } finally {
        Waiting.on(database.close());
      }
    }
  },
  /** Migrations. */
  JDBC {
    @Override
    String value(Vertx vertx, URI uri, String sql) throws SQLException {
      try (Connection connection = Jdbc.of(uri).connect(); ResultSet row = connection.createStatement().executeQuery(sql)) {
        row.next();
        return row.getString(1);
      }
    }
  };

  /** The text that a query gives on a connection of its own. */
  abstract String value(Vertx vertx, URI uri, String sql) throws SQLException;
}
