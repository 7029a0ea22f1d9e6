package io.keyhook.config;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The secrets of a Keyhook with an embedded database: generated once, and kept beside it in a file that only its owner
 * reads. Whoever moves the directory moves them along.
 */
public final class LocalSecrets {
  private static final String FILE = "secrets.json";
  private static final String MASTER_KEY = "secrets.masterKey";
  private static final String JWT_SECRET = "auth.jwt.secret";
  private static final int BYTES = 32;

  private LocalSecrets() {}

  /**
   * Fills in what the options leave out. Blocks.
   *
   * @param directory of the embedded database; it exists
   * @throws ConfigurationException the file is there and lacks one of them
   */
  public static KeyhookOptions complete(KeyhookOptions options, Path directory) {
    JsonObject kept = read(directory.resolve(FILE));
    KeyhookOptions.Jwt jwt = options.auth().jwt();
    boolean needsSecret = jwt.algorithm().equals("HS256") && jwt.secret().isEmpty() && jwt.jwks().isEmpty();
    KeyhookOptions.Jwt completed = !needsSecret ? jwt : new KeyhookOptions.Jwt(jwt.algorithm(),
        Optional.of(kept.getString(JWT_SECRET)), jwt.publicKey(), jwt.privateKey(), jwt.jwks(), jwt.issuer(),
        jwt.audience(), jwt.accountClaim(), jwt.lifetime());
    return new KeyhookOptions(options.http(), options.database(), options.bootstrap(), options.operator(),
        new KeyhookOptions.Auth(completed, options.auth().session()), options.signup(),
        new KeyhookOptions.Secrets(options.secrets().masterKey().or(() -> Optional.of(kept.getString(MASTER_KEY)))),
        options.validation(), options.delivery(), options.plans());
  }

  private static JsonObject read(Path file) {
    try {
      if (!Files.exists(file)) {
        write(file, new JsonObject().put(MASTER_KEY, generate()).put(JWT_SECRET, generate()));
      }
      JsonObject kept = new JsonObject(Files.readString(file));
      if (kept.getValue(MASTER_KEY) instanceof String && kept.getValue(JWT_SECRET) instanceof String) {
        return kept;
      }
      throw damaged(file);
    } catch (DecodeException e) {
      throw damaged(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** New ones would not open what the lost ones have sealed. */
  private static ConfigurationException damaged(Path file) {
    return new ConfigurationException(List.of(file + ": is damaged, must hold " + MASTER_KEY + " and " + JWT_SECRET
        + ": restore it from a backup of the directory"));
  }

  /** Whole or not at all: what is sealed with a lost key is lost. */
  private static void write(Path file, JsonObject secrets) throws IOException {
    Path unfinished = file.resolveSibling(FILE + ".unfinished");
    Files.deleteIfExists(unfinished);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.write(unfinished, secrets.encodePrettily().getBytes(StandardCharsets.UTF_8));
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String generate() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }
}
