package io.keyhook.event;

/**
 * What the database says of a webhook whose deliveries wait on this node.
 *
 * @param version counts changes of the webhook; 0 where it has been deleted
 * @param active whether it may be sent to: it is active and not paused, and its account's plan has webhooks
 */
public record WebhookState(EndpointId endpoint, int version, boolean active) {}
