package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The keys that there are: those of the packed defaults, and any name below {@code plans}. */
final class Keys {
  static final String PLANS = "plans";

  private static final Pattern PLAN = Pattern.compile("plans\\.[a-z0-9_-]{1,50}");
  private static final Map<String, Kind> PLAN_FIELDS = Map.of("maxLicenses", Kind.OPTIONAL_NUMBER,
      "maxWebhooks", Kind.OPTIONAL_NUMBER, "logRetentionDays", Kind.NUMBER);

  private final Map<String, Key> keys = new LinkedHashMap<>();
  private final Set<String> groups = new LinkedHashSet<>();

  Keys(JsonNode defaults) {
    add("", defaults);
  }

  private void add(String group, JsonNode values) {
    values.properties().forEach(property -> {
      String path = child(group, property.getKey());
      if (path.equals(PLANS)) {
        groups.add(path);
        keys.put(path, new Key(path, Kind.PLANS));
      } else if (property.getValue().isObject()) {
        groups.add(path);
        add(path, property.getValue());
      } else {
        keys.put(path, new Key(path, Kind.of(property.getValue())));
      }
    });
  }

  static String child(String group, String name) {
    return group.isEmpty() ? name : group + "." + name;
  }

  /** What one environment variable sets: every value outside of {@code plans}, and {@code plans} as a whole. */
  Collection<Key> all() {
    return keys.values();
  }

  boolean isPlan(String path) {
    return PLAN.matcher(path).matches();
  }

  boolean isGroup(String path) {
    return groups.contains(path) || isPlan(path);
  }

  Optional<Key> find(String group, String name) {
    if (isPlan(group)) {
      return Optional.ofNullable(PLAN_FIELDS.get(name)).map(kind -> new Key(child(group, name), kind));
    }
    // A name with a dot in it would look like the path of another group's key.
    return name.contains(".") ? Optional.empty() : Optional.ofNullable(keys.get(child(group, name)));
  }

  Optional<String> nearest(String group, String name) {
    Stream<String> candidates = isPlan(group)
        ? PLAN_FIELDS.keySet().stream().map(field -> child(group, field))
        : Stream.concat(keys.keySet().stream(), groups.stream());
    return Spelling.nearest(child(group, name), candidates.toList());
  }
}
