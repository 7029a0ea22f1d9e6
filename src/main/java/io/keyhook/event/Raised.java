package io.keyhook.event;

import java.util.UUID;

/**
 * An event that is to be committed with the change that raised it.
 *
 * @param data the JSON of its {@code data}, as it will be sent
 */
public record Raised(UUID accountId, EventType type, String data) {}
