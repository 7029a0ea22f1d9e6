package io.keyhook.db;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/**
 * A database URI as JDBC takes it, for what runs once and blocks.
 *
 * @param user null: the driver's default
 * @param password null: none
 */
record Jdbc(String url, String user, String password) {
  static Jdbc of(URI uri) {
    String[] user = uri.getRawUserInfo() == null ? new String[0] : uri.getRawUserInfo().split(":", 2);
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return new Jdbc("jdbc:postgresql://" + uri.getHost() + ":" + (uri.getPort() < 0 ? 5432 : uri.getPort())
        + uri.getRawPath() + query, part(user, 0), part(user, 1));
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(url, user, password);
  }

  private static String part(String[] user, int i) {
    return i < user.length ? URLDecoder.decode(user[i].replace("+", "%2B"), StandardCharsets.UTF_8) : null;
  }

  @Override
  public String toString() {
    return "Jdbc[]";
  }
}
