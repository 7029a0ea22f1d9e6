package io.keyhook.bus;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/** Reads files with certificates in PEM. */
public final class PemCertificates {
  private PemCertificates() {}

  /**
   * Reads a file. Blocks.
   *
   * @return one certificate or more
   * @throws IOException the file cannot be read
   * @throws CertificateException it contains something else, or nothing
   */
  public static List<X509Certificate> read(Path file) throws IOException, GeneralSecurityException {
    try (InputStream stream = Files.newInputStream(file)) {
      List<X509Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(stream).stream()
          .map(X509Certificate.class::cast).toList();
      if (found.isEmpty()) {
        throw new CertificateException("no certificate");
      }
      return found;
    }
  }
}
