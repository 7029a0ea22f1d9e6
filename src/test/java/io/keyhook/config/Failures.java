package io.keyhook.config;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What a configuration is refused for. */
final class Failures {
  private Failures() {}

  static List<String> failures(ThrowingCallable load) {
    return catchThrowableOfType(ConfigurationException.class, load).errors();
  }

  /** The only error of a process that has this file in its working directory. */
  static String fileFailure(Path directory, String json) {
    return only(failures(() -> Configuration.load(
        Map.of(), Optional.of(TextFiles.write(directory.resolve("given.json"), json)), directory)));
  }

  static String environmentFailure(Path directory, String variable, String value) {
    return only(failures(() -> Configuration.load(Map.of(variable, value), Optional.empty(), directory)));
  }

  /** The only error of a host that sets this path to the value. */
  static String overrideFailure(String path, Object value) {
    return only(failures(() -> Configuration.of(nested(path, value))));
  }

  static JsonObject nested(String path, Object value) {
    JsonObject overrides = new JsonObject();
    JsonObject group = overrides;
    String[] names = path.split("\\.");
    for (int i = 0; i < names.length - 1; i++) {
      JsonObject child = new JsonObject();
      group.put(names[i], child);
      group = child;
    }
    group.put(names[names.length - 1], value);
    return overrides;
  }

  private static String only(List<String> errors) {
    if (errors.size() != 1) {
      throw new AssertionError("One error expected, but there are: " + errors);
    }
    return errors.get(0);
  }
}
