package io.keyhook.config;

import java.util.List;

/** The settings that are secret, for tests of files that pass them. */
public final class SecretKeys {
  private SecretKeys() {}

  /** Their paths, as {@code database.uri}. */
  public static List<String> paths() {
    return List.copyOf(Key.SECRETS);
  }

  /** The variable that names a file with the secret. */
  public static String fileVariable(String path) {
    return new Key(path, Kind.OPTIONAL_STRING).fileVariable();
  }
}
