package io.keyhook.event;

import io.keyhook.bus.Webhooks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The names of templates: types of events in the API, and their codes where they are stored. */
public final class TemplateNames {
  /** No type has it: {@link Webhooks#ALL_OTHERS}, as {@link DeliveryRowStore#templateOf} has it. */
  static final String OTHERS = "0";

  private TemplateNames() {}

  /** Returns the name under which a template is stored; empty: there is no such type. */
  public static Optional<String> stored(String name) {
    return Webhooks.ALL_OTHERS.equals(name) ? Optional.of(OTHERS) : EventType.named(name).map(type -> Short.toString(type.code()));
  }

  /** Names stored templates as the API does. */
  public static Map<String, String> shown(Map<String, ?> stored) {
    Map<String, String> shown = new LinkedHashMap<>();
    stored.forEach((code, template) -> shown.put(
        OTHERS.equals(code) ? Webhooks.ALL_OTHERS : EventType.wireNameOf(Short.parseShort(code)), (String) template));
    return shown;
  }
}
