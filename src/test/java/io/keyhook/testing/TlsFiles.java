package io.keyhook.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** An authority of the tests' own, and certificates of it with their keys, as files in PEM. Made by the JDK's keytool. */
public final class TlsFiles {
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
    Keytool keytool = new Keytool(store).key("authority", "-ext", "bc:c").key("stranger", "-ext", "bc:c");
    for (String name : names) {
      keytool.key(name, "-signer", "authority", "-ext", "san=dns:" + name);
    }
    KeyStore all = keytool.load();
    for (String name : new String[] {"authority", "stranger"}) {
      write(directory.resolve(name + ".crt"), "CERTIFICATE", all.getCertificate(name).getEncoded());
    }
    for (String name : names) {
      write(directory.resolve(name + ".crt"), "CERTIFICATE", all.getCertificate(name).getEncoded());
      write(directory.resolve(name + ".key"), "PRIVATE KEY", all.getKey(name, Keytool.PASSWORD.toCharArray()).getEncoded());
    }
    return new TlsFiles(directory);
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
