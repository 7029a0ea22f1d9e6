package io.keyhook.event;

import java.util.UUID;

/**
 * A delivery under lease on this node, ready for its next attempt.
 *
 * @param webhookVersion of the webhook when the lease was taken
 * @param fence the lease's fencing token
 * @param number of the next attempt, from 1
 * @param tries failed attempts in the present schedule
 * @param leasedAt {@link System#nanoTime()} before the lease was asked for, so not after it began
 */
public record Outgoing(
    UUID accountId,
    UUID deliveryId,
    UUID webhookId,
    int webhookVersion,
    EventType type,
    String data,
    long fence,
    int number,
    int tries,
    long leasedAt) {}
