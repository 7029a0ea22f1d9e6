package io.keyhook.bus;

import java.util.UUID;

/**
 * The right to carry out the request of an idempotency key, and to store its response.
 *
 * @param keyId identifies the key
 * @param token a fencing token: a claim that has passed to another request is refused
 * @param status the HTTP status of a success
 */
public record Claim(UUID keyId, UUID token, int status) {}
