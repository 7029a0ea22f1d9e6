package io.keyhook.attempt;

import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** The authorities whose certificates endpoints may have: those that Java trusts, and those of {@code delivery.trustStore}. */
public final class Trust {
  private Trust() {}

  /**
   * Trusts what Java trusts, and these authorities.
   *
   * @param more none: returns null, which {@link Sender} takes for what Java trusts
   */
  static TrustOptions andJavas(List<X509Certificate> more) {
    if (more.isEmpty()) {
      return null;
    }
    return TrustOptions.wrap(trusting(more));
  }

  /** Opens connections to endpoints outside of deliveries, with the trust that deliveries have. */
  public static SSLSocketFactory sockets(List<X509Certificate> more) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trusting(more).getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManagerFactory trusting(List<X509Certificate> more) {
    try {
      KeyStore all = KeyStore.getInstance("PKCS12");
      all.load(null, null);
      for (X509Certificate certificate : (Iterable<X509Certificate>) Stream.concat(javas(), more.stream())::iterator) {
        all.setCertificateEntry("authority-" + all.size(), certificate);
      }
      return factory(all);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Stream<X509Certificate> javas() throws GeneralSecurityException {
    return Arrays.stream(factory(null).getTrustManagers()).filter(X509TrustManager.class::isInstance)
        .flatMap(manager -> Arrays.stream(((X509TrustManager) manager).getAcceptedIssuers()));
  }

  private static TrustManagerFactory factory(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory;
  }
}
