package io.keyhook.config;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
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
  private static final String PREVIOUS_MASTER_KEYS = "secrets.previousMasterKeys";
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
    return options.with(new KeyhookOptions.Auth(completed, options.auth().session()), secrets(options.secrets(), kept));
  }

  /** What was sealed with the generated key stays readable where another one is configured by now. */
  private static KeyhookOptions.Secrets secrets(KeyhookOptions.Secrets configured, JsonObject kept) {
    List<String> previous = new ArrayList<>(configured.previousMasterKeys());
    if (configured.masterKey().isPresent()) {
      previous.add(kept.getString(MASTER_KEY));
    }
    previous.addAll(previousOf(kept));
    return new KeyhookOptions.Secrets(
        configured.masterKey().or(() -> Optional.of(kept.getString(MASTER_KEY))), List.copyOf(previous));
  }

  /**
   * Makes a new master key, and keeps the old one to read with until {@link #endRotation}. Goes on with the new one of a
   * rotation that did not end. Blocks.
   *
   * @param directory of the embedded database; it exists
   * @throws ConfigurationException the file is there and damaged
   */
  public static void beginRotation(Path directory) {
    JsonObject kept = read(directory.resolve(FILE));
    if (previousOf(kept).isEmpty()) {
      replace(directory, kept.put(PREVIOUS_MASTER_KEYS, new JsonArray().add(kept.getString(MASTER_KEY)))
          .put(MASTER_KEY, generate()));
    }
  }

  /** Deletes the old master key, which no longer encrypts anything. Blocks. */
  public static void endRotation(Path directory) {
    JsonObject kept = read(directory.resolve(FILE));
    kept.remove(PREVIOUS_MASTER_KEYS);
    replace(directory, kept);
  }

  /**
   * Returns the file for a backup; empty: there is none yet. Holds secrets. Blocks.
   *
   * @param directory of the embedded database; it exists
   */
  public static Optional<String> text(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
  }

  /**
   * Replaces the file by one of a backup, and keeps the old one under another name. Blocks.
   *
   * @param directory of the embedded database; it exists
   * @param text of {@link #text}
   */
  public static void restore(Path directory, String text) throws IOException {
    Path file = directory.resolve(FILE);
    if (Files.exists(file) && !new JsonObject(Files.readString(file)).equals(new JsonObject(text))) {
      int number = 1;
      while (Files.exists(directory.resolve("secrets.old-" + number + ".json"))) {
        number++;
      }
      Files.copy(file, directory.resolve("secrets.old-" + number + ".json"), StandardCopyOption.COPY_ATTRIBUTES);
    }
    write(file, new JsonObject(text));
  }

  /**
   * Returns the master keys of a node with a file of a backup beside its embedded database.
   *
   * @param text of {@link #text}
   */
  public static KeyhookOptions.Secrets with(KeyhookOptions.Secrets configured, String text) {
    return secrets(configured, new JsonObject(text));
  }

  private static List<String> previousOf(JsonObject kept) {
    return kept.getJsonArray(PREVIOUS_MASTER_KEYS, new JsonArray()).stream().map(String.class::cast).toList();
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

  private static void replace(Path directory, JsonObject secrets) {
    try {
      write(directory.resolve(FILE), secrets);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** New ones would not open what the lost ones have sealed. */
  private static ConfigurationException damaged(Path file) {
    return new ConfigurationException(List.of(file + ": is damaged, must hold " + MASTER_KEY + " and " + JWT_SECRET
        + ": restore it from a backup of the directory"));
  }

  /** Whole or not at all, and on disk before anything is sealed with it: what is sealed with a lost key is lost. */
  private static void write(Path file, JsonObject secrets) throws IOException {
    Path unfinished = file.resolveSibling(FILE + ".unfinished");
    Files.deleteIfExists(unfinished);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.write(unfinished, secrets.encodePrettily().getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE,
        StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent())) {
      directory.force(true); // or the new name is not on disk
    }
  }

  private static String generate() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }
}
