package io.keyhook.bus;

import java.util.Objects;
import java.util.UUID;

/**
 * The author of a request in the audit log.
 *
 * @param name a user's e-mail, an API key's name, or the name of an embedding application
 * @param id of the user ({@code user_...}) or the API key ({@code key_...}); null: unknown to Keyhook
 * @param address of the client; null: unknown
 */
public record Actor(String name, String id, String address) {
  /** The author of what Keyhook does by itself. */
  public static final Actor KEYHOOK = named("Keyhook");

  public Actor {
    Objects.requireNonNull(name);
  }

  /** Returns an actor that has only a name. */
  public static Actor named(String name) {
    return new Actor(name, null, null);
  }

  /** Returns the row's id of an actor of this kind; null for others. */
  public UUID id(Id kind) {
    return id != null && id.startsWith(kind.prefix()) ? kind.parse(id) : null;
  }

  public Actor at(String from) {
    return new Actor(name, id, from);
  }
}
