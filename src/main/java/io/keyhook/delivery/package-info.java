/**
 * Sends deliveries: from the queue or a fresh commit, through leases and attempts, to a written result. {@code Endpoint} has
 * the rule that decides the next step, and {@code HeldDelivery} the states of a delivery.
 */
package io.keyhook.delivery;
