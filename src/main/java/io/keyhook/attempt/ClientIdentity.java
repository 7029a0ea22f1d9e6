package io.keyhook.attempt;

import io.keyhook.bus.ClientCertificate;
import java.util.UUID;

/**
 * Who Keyhook is to the endpoint of one webhook: connections with its certificate carry requests of that webhook only.
 *
 * @param pem complete and checked
 */
public record ClientIdentity(UUID webhookId, ClientCertificate pem) {}
