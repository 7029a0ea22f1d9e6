package io.keyhook.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A key with another value in other options, found by the shape of {@link KeyhookOptions}, which is that of the keys.
 *
 * @param key or the group of keys that one value is made of, such as {@code http.tls}
 * @param before as the log may show it; three asterisks: a secret
 * @param after likewise
 */
record Difference(String key, String before, String after) {
  /** The keys that a running process can take over. */
  static final Set<String> RELOADABLE = Set.of("log.level", "log.slowStatement", "validation.rateLimit",
      "delivery.allowedTargets", "delivery.deniedTargets", "delivery.allowedPorts");

  /** Returns all differences, in the order of the keys. */
  static List<Difference> between(KeyhookOptions before, KeyhookOptions after) {
    List<Difference> found = new ArrayList<>();
    add("", before, after, found);
    return found;
  }

  boolean isReloadable() {
    return RELOADABLE.contains(key);
  }

  private static void add(String path, Object before, Object after, List<Difference> found) {
    if (before.equals(after)) {
      return;
    } else if (before instanceof Record && before.getClass() == after.getClass()) {
      for (RecordComponent component : before.getClass().getRecordComponents()) {
        add(Keys.child(path, component.getName()), value(component, before), value(component, after), found);
      }
    } else {
      found.add(new Difference(path, shown(path, before), shown(path, after)));
    }
  }

  private static Object value(RecordComponent component, Object record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e); // the records of options are public
    }
  }

  private static String shown(String path, Object value) {
    if (Key.isSecret(path)) {
      return "***";
    } else if (value instanceof Optional<?> optional) {
      return optional.map(String::valueOf).orElse("null");
    } else if (value instanceof Set<?> set) {
      return new TreeSet<>(set).toString();
    }
    return value instanceof Collection<?> list ? list.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"))
        : value.toString();
  }
}
