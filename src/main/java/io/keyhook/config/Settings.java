package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The layers of the configuration, one laid over the other: objects merge, every other value replaces the one below. */
final class Settings {
  /**
   * @param value missing where it was of the wrong type, which has been reported then
   * @param origin for error lines: an environment variable or a file
   */
  record Setting(Key key, JsonNode value, String origin) {}

  private final Keys keys;
  private final Errors errors;
  private final Map<String, Setting> byPath = new LinkedHashMap<>();
  private final Map<String, String> plans = new LinkedHashMap<>();

  Settings(Keys keys, Errors errors) {
    this.keys = keys;
    this.errors = errors;
  }

  Keys keys() {
    return keys;
  }

  /** The setting of a known key. */
  Setting get(String path) {
    return byPath.get(path);
  }

  boolean has(String path) {
    return byPath.containsKey(path);
  }

  /** The plans' names, each with the origin that named it last. */
  Map<String, String> plans() {
    return plans;
  }

  void overlay(JsonNode tree, Function<Key, String> origin) {
    tree.properties().forEach(property -> entry("", property.getKey(), property.getValue(), origin));
  }

  void overlay(JsonNode tree, String origin) {
    if (tree.isObject()) {
      overlay(tree, key -> origin);
    } else {
      errors.add(origin + ": must be a JSON object");
    }
  }

  void overlayPlans(JsonNode tree, String origin) {
    entry("", Keys.PLANS, tree, key -> origin);
  }

  void set(Key key, JsonNode value, String origin) {
    boolean accepted = key.kind().accepts(value);
    if (!accepted) {
      errors.add(key.path(), origin, "is " + key.show(value) + ", must be " + key.kind());
    }
    byPath.put(key.path(), new Setting(key, accepted ? value : MissingNode.getInstance(), origin));
  }

  /** Keeps the rules that follow from reporting once more what is known to be wrong. */
  void setInvalid(Key key, String origin) {
    byPath.put(key.path(), new Setting(key, MissingNode.getInstance(), origin));
  }

  private void entry(String group, String name, JsonNode value, Function<Key, String> origin) {
    String path = Keys.child(group, name);
    if (keys.isGroup(path) && !name.contains(".")) {
      group(path, name, value, origin);
    } else if (group.equals(Keys.PLANS)) {
      errors.add(path, origin(group, origin), "is not a plan's name, must be 1 to 50 of a-z, 0-9, - and _");
    } else {
      keys.find(group, name).ifPresentOrElse(key -> set(key, value, origin.apply(key)),
          () -> errors.add(path, origin(path, origin), "is not a known key"
              + keys.nearest(group, name).map(nearest -> ", did you mean " + nearest + "?").orElse("")));
    }
  }

  private void group(String path, String name, JsonNode value, Function<Key, String> origin) {
    boolean plan = keys.isPlan(path);
    if (plan && value.isNull()) {
      plans.remove(name);
      byPath.keySet().removeIf(key -> key.startsWith(path + "."));
    } else if (value.isObject()) {
      if (plan) {
        plans.put(name, origin(path, origin));
      }
      value.properties().forEach(property -> entry(path, property.getKey(), property.getValue(), origin));
    } else {
      errors.add(path, origin(path, origin), "must be a JSON object");
    }
  }

  private static String origin(String path, Function<Key, String> origin) {
    return origin.apply(new Key(path, Kind.PLANS));
  }
}
