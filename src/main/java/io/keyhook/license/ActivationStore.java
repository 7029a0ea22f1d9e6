package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Page;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.UUID;

/** The SQL of activations. A new one is made by {@link ValidationStore}. */
final class ActivationStore {
  /** Of any activation; it lets the index by id be used. */
  private static final String ANY_ID = "activation_id > '00000000-0000-0000-0000-000000000000'";
  static final String ACTIVATION =
      "activation_id, fingerprint, device_name, device_type, ip_address, activated_at, last_seen_at";
  private static final String LIST_ACTIVATIONS = """
      SELECT %s
      FROM keyhook.activation WHERE account_id = $1 AND license_id = $2 AND activation_id < $3 AND %s
      ORDER BY activation_id DESC LIMIT $4""".formatted(ACTIVATION, ANY_ID);
  private static final String DELETE_ACTIVATION = """
      DELETE FROM keyhook.activation WHERE account_id = $1 AND license_id = $2 AND activation_id = $3 AND %s
      RETURNING %s""".formatted(ANY_ID, ACTIVATION);
  private static final String DELETE_DEVICE = """
      DELETE FROM keyhook.activation WHERE account_id = $1 AND license_id = $2 AND fingerprint = $3
      RETURNING %s""".formatted(ACTIVATION);
  private static final String COUNT_DOWN = """
      WITH changed AS (
        UPDATE keyhook.license SET activations = activations - $3, sequence = sequence + $3
        WHERE account_id = $1 AND license_id = $2
        RETURNING *
      )
      SELECT\s""" + LicenseStore.COLUMNS + " FROM changed";

  private ActivationStore() {}

  static Future<Page<Activation>> listActivations(SqlClient client, UUID accountId, UUID licenseId, Page.Request page) {
    return client.preparedQuery(LIST_ACTIVATIONS)
        .execute(Tuple.of(accountId, licenseId, page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, ActivationStore::activation), page.limit(),
            activation -> Id.ACTIVATION.parse(activation.id())));
  }

  /** Empty where the license has no such activation. The license still counts it until {@link #countDown}. */
  static Future<Optional<Activation>> deleteActivation(
      SqlClient client, UUID accountId, UUID licenseId, UUID activationId) {
    return client.preparedQuery(DELETE_ACTIVATION).execute(Tuple.of(accountId, licenseId, activationId))
        .map(rows -> all(rows, ActivationStore::activation).stream().findAny());
  }

  /** The same by the device. */
  static Future<Optional<Activation>> deleteDevice(
      SqlClient client, UUID accountId, UUID licenseId, String fingerprint) {
    return client.preparedQuery(DELETE_DEVICE).execute(Tuple.of(accountId, licenseId, fingerprint))
        .map(rows -> all(rows, ActivationStore::activation).stream().findAny());
  }

  /** Counts so many activations less. Empty where the license has been deleted. */
  static Future<Optional<License>> countDown(SqlClient client, UUID accountId, UUID licenseId, int freed) {
    return client.preparedQuery(COUNT_DOWN).execute(Tuple.of(accountId, licenseId, freed))
        .map(rows -> all(rows, LicenseStore::license).stream().findAny());
  }

  static Activation activation(Row row) {
    return new Activation(Id.ACTIVATION.of(row.getUUID(0)), row.getString(1), row.getString(2), row.getString(3),
        row.getString(4), instant(row, 5), instant(row, 6));
  }
}
