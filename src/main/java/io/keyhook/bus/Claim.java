package io.keyhook.bus;

import java.util.UUID;

/**
 * The right to carry out the request under an idempotency key, and to keep its answer.
 *
 * @param keyId stands for the key
 * @param token of this claim alone: a fencing token, by which a claim that was given to another request is refused
 * @param status the HTTP status of a success
 */
public record Claim(UUID keyId, UUID token, int status) {}
