package io.keyhook.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;

/**
 * The receivers' certificate for 127.0.0.1, and the authority that signed it, made by the JDK's {@code keytool}.
 *
 * @param keys a PKCS12 store with the certificate and its key
 * @param trusted a PKCS12 store with the authority's certificate
 */
record Certificates(Path keys, Path trusted) {
  static final String PASSWORD = "password";

  static Certificates make(Path directory) throws IOException {
    Path both = directory.resolve("both.p12");
    keytool(both, "authority", "-ext", "bc:c");
    keytool(both, "receiver", "-signer", "authority", "-ext", "san=ip:127.0.0.1,dns:localhost");
    try {
      KeyStore from = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(both)) {
        from.load(in, PASSWORD.toCharArray());
      }
      KeyStore keys = empty();
      keys.setKeyEntry("receiver", from.getKey("receiver", PASSWORD.toCharArray()), PASSWORD.toCharArray(),
          from.getCertificateChain("receiver"));
      KeyStore trusted = empty();
      trusted.setCertificateEntry("authority", from.getCertificate("authority"));
      return new Certificates(store(keys, directory.resolve("keys.p12")), store(trusted, directory.resolve("trusted.p12")));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Path store(KeyStore store, Path file) throws GeneralSecurityException, IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
    return file;
  }

  private static void keytool(Path store, String alias, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair", "-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", alias,
        "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + alias));
    command.addAll(List.of(options));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    try {
      if (process.waitFor() != 0) {
        throw new IOException("keytool: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
