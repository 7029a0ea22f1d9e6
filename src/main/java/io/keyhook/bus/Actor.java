package io.keyhook.bus;

import java.util.Objects;
import java.util.UUID;

/**
 * Who makes a request, as the audit log tells it.
 *
 * @param name a user's e-mail, an API key's name, or what an embedding application calls itself
 * @param id of the user ({@code user_...}) or the API key ({@code key_...}); null: Keyhook knows none
 * @param address where the request came from; null: not known
 */
public record Actor(String name, String id, String address) {
  /** For what nobody asked for. */
  public static final Actor KEYHOOK = named("Keyhook");

  public Actor {
    Objects.requireNonNull(name);
  }

  /** Known by a name alone. */
  public static Actor named(String name) {
    return new Actor(name, null, null);
  }

  /** The row's id of who is of this kind; null for others. */
  public UUID id(Id kind) {
    return id != null && id.startsWith(kind.prefix()) ? kind.parse(id) : null;
  }

  public Actor at(String from) {
    return new Actor(name, id, from);
  }
}
