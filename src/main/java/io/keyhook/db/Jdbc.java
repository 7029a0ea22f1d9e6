package io.keyhook.db;

import io.keyhook.db.ConnectionUri.Server;
import io.keyhook.db.ConnectionUri.Target;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** Connections for what runs once and blocks, made as {@link Servers} makes those of the event loops. */
final class Jdbc {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final ConnectionUri uri;

  private Jdbc(ConnectionUri uri) {
    this.uri = uri;
  }

  static Jdbc of(URI uri) {
    return new Jdbc(ConnectionUri.parse(uri));
  }

  Connection connect() throws SQLException {
    return source().getConnection();
  }

  /** Of the first server that serves now. */
  DataSource source() throws SQLException {
    if (uri.servers().size() == 1 && uri.target() == Target.ANY) {
      return source(uri.servers().get(0));
    }
    SQLException refused = new SQLException("no server of " + uri.where() + " serves");
    for (Server server : uri.servers()) {
      DataSource source = source(server);
      try (Connection connection = source.getConnection(); Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(Servers.STATE)) {
        row.next();
        if (Servers.serves(uri.target(), row.getBoolean(1), row.getBoolean(2))) {
          return source;
        }
        refused.addSuppressed(new SQLException(server + " is read-only"));
      } catch (SQLException e) {
        refused.addSuppressed(e);
      }
    }
    throw refused;
  }

  private DataSource source(Server server) {
    PGSimpleDataSource source = new Source();
    source.setServerNames(new String[] {
        server.isSocket() ? "localhost" : server.host().contains(":") ? "[" + server.host() + "]" : server.host()});
    source.setPortNumbers(new int[] {server.port()});
    source.setDatabaseName(uri.database());
    source.setUser(uri.user());
    source.setPassword(server.password().orElse(""));
    source.setApplicationName(uri.applicationName().orElse(Database.APPLICATION_NAME));
    source.setConnectTimeout((int) CONNECT_TIMEOUT.toSeconds());
    source.setTcpKeepAlive(true);
    source.setOptions(uri.settings().get("options"));
    source.setCurrentSchema(uri.settings().get("search_path"));
    if (server.isSocket()) {
      source.setSslMode("disable");
      source.setSocketFactory(UnixSocketFactory.class.getName());
      source.setSocketFactoryArg(server.socket().toString());
    } else {
      source.setSslMode(uri.sslMode().value);
      source.setSslfactory(JdbcTls.class.getName());
      uri.rootCertificate().ifPresent(file -> source.setSslRootCert(file.toString()));
      uri.certificate().ifPresent(file -> source.setSslCert(file.toString()));
      uri.key().ifPresent(file -> source.setSslKey(file.toString()));
      server.address().ifPresent(address -> {
        source.setSocketFactory(AddressSocketFactory.class.getName());
        source.setSocketFactoryArg(address.getHostAddress());
      });
    }
    return source;
  }

  /** Gives connections with the settings that a migration needs, whatever the defaults of its role. */
  private static final class Source extends PGSimpleDataSource {
    private static final long serialVersionUID = 1;

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      Connection connection = super.getConnection(user, password);
      try (Statement statement = connection.createStatement()) {
        statement.execute(SessionSettings.OF_MIGRATIONS);
        return connection;
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    }
  }
}
