package io.keyhook.event;

import java.util.UUID;

/** A webhook with its account. */
public record EndpointId(UUID accountId, UUID webhookId) {}
