/**
 * What tests of the whole stand on: a real PostgreSQL, real nodes, real sockets.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final Installation keyhook = Installation.withNode();
 *
 * @Test
 * void anActivationIsDelivered() {
 *   Receiver receiver = keyhook.receiver();
 *   Webhook webhook = keyhook.webhook(receiver, "license.activated");
 *   License license = keyhook.license(5);
 *   keyhook.api().validate(license.key(), "device-1").expect(200);
 *   assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
 * }
 * }</pre>
 *
 * <p>An {@link io.keyhook.testing.Installation} has a database of its own and is shared by the tests of a class; it
 * can have more nodes, and nodes with other settings. A {@link io.keyhook.testing.Receiver} verifies every delivery that
 * it gets. Time is not waited for: {@link io.keyhook.testing.Clock} turns it in the database. An
 * {@link io.keyhook.testing.ExchangeCheck} named in {@code META-INF/services} sees every exchange of every test.
 */
package io.keyhook.testing;
