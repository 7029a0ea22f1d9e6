package io.keyhook.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** An authority of the tests' own, and certificates of it with their keys, as files in PEM. Made by the JDK's keytool. */
public final class TlsFiles {
  private static final String PASSWORD = "password";

  private final Path directory;

  private TlsFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes {@code <name>.crt} and {@code <name>.key} for each name, which is the subject's common name and the name of a host,
   * {@code authority.crt}, and {@code stranger.crt}, an authority that signed none of them.
   */
  public static TlsFiles in(Path directory, String... names) throws IOException, GeneralSecurityException, InterruptedException {
    Path store = directory.resolve("store.p12");
    key(store, "authority", "-ext", "bc:c");
    key(store, "stranger", "-ext", "bc:c");
    for (String name : names) {
      key(store, name, "-signer", "authority", "-ext", "san=dns:" + name);
    }
    KeyStore all = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      all.load(in, PASSWORD.toCharArray());
    }
    for (String name : new String[] {"authority", "stranger"}) {
      write(directory.resolve(name + ".crt"), "CERTIFICATE", all.getCertificate(name).getEncoded());
    }
    for (String name : names) {
      write(directory.resolve(name + ".crt"), "CERTIFICATE", all.getCertificate(name).getEncoded());
      write(directory.resolve(name + ".key"), "PRIVATE KEY", all.getKey(name, PASSWORD.toCharArray()).getEncoded());
    }
    return new TlsFiles(directory);
  }

  private static void key(Path store, String alias, String... options) throws IOException, InterruptedException {
    String program = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(program, "-genkeypair", "-keystore", store.toString(),
        "-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1",
        "-dname", "CN=" + alias));
    command.addAll(List.of(options));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes());
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
  }

  private static void write(Path file, String label, byte[] der) throws IOException {
    Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END " + label + "-----\n");
  }

  public Path file(String name) {
    return directory.resolve(name);
  }
}
