package io.keyhook.db;

import io.vertx.pgclient.SslMode;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.PGProperty;
import org.postgresql.ssl.WrappedFactory;

/** {@link Tls} for the JDBC driver, which names this class and makes it of a connection's properties. */
public final class JdbcTls extends WrappedFactory {
  /**
   * @throws IllegalArgumentException a file cannot be used
   */
  public JdbcTls(Properties properties) throws GeneralSecurityException {
    factory = Tls.of(SslMode.of(PGProperty.SSL_MODE.getOrDefault(properties)), file(PGProperty.SSL_ROOT_CERT, properties),
        file(PGProperty.SSL_CERT, properties), file(PGProperty.SSL_KEY, properties)).context().getSocketFactory();
  }

  private static Optional<Path> file(PGProperty name, Properties properties) {
    return Optional.ofNullable(name.getOrDefault(properties)).map(Path::of);
  }
}
