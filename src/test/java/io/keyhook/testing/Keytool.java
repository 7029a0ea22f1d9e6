package io.keyhook.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;

/** The JDK's {@code keytool}, which makes keys and certificates in a PKCS12 store. */
public final class Keytool {
  public static final String PASSWORD = "password";
  /** A program that runs for a moment, and a store that needs no protection: its keys are derived from the password in one step. */
  private static final List<String> QUICK = List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC",
      "-J-Dkeystore.pkcs12.certPbeIterationCount=1", "-J-Dkeystore.pkcs12.keyPbeIterationCount=1",
      "-J-Dkeystore.pkcs12.macIterationCount=1");

  private final Path store;

  public Keytool(Path store) {
    this.store = store;
  }

  /**
   * Makes a key with a certificate.
   *
   * @param options of {@code keytool -genkeypair}, such as who signs it
   */
  public Keytool key(String alias, String... options) throws IOException, InterruptedException {
    String program = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(program, "-genkeypair", "-keystore", store.toString(),
        "-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", alias, "-dname", "CN=" + alias));
    command.addAll(1, QUICK);
    if (!List.of(options).contains("-keyalg")) {
      command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1"));
    }
    command.addAll(List.of(options));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes());
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
    return this;
  }

  /** All that was made. */
  public KeyStore load() throws IOException, GeneralSecurityException {
    KeyStore all = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      all.load(in, PASSWORD.toCharArray());
    }
    return all;
  }
}
