package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backup of an earlier release is restored in its own schema, and migrated then. */
class OlderBackupTest {
  private static final String ACCOUNT = "'01900000-0000-7000-8000-00000000000a'::uuid";
  private static final String VERSION = "SELECT max(version::int)::text FROM keyhook.flyway_schema_history WHERE success";
  private static final List<String> FILL = List.of(
      "INSERT INTO keyhook.account (account_id, name, plan) VALUES (%1$s, 'Older', 'enterprise')",
      "INSERT INTO keyhook.member (account_id, email, password_hash) VALUES (%1$s, 'older@example.org', 'none')",
      """
      INSERT INTO keyhook.license (account_id, license_id, key, name, max_activations, activations, expires_at)
        SELECT %1$s, md5('license' || i)::uuid, 'OLDER-' || i, E'License\\t' || i, 5, 1, now() + interval '1 year'
        FROM generate_series(1, 300) i""",
      """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint)
        SELECT account_id, license_id, 'first' FROM keyhook.license WHERE account_id = %1$s""");

  @RegisterExtension
  static final Installation from = Installation.withoutSchema();
  @RegisterExtension
  static final Installation to = Installation.withoutSchema();

  @TempDir
  Path directory;

  private static void clear(TestDatabase database) {
    database.update("DROP SCHEMA IF EXISTS keyhook CASCADE");
  }

  private static Cipher cipher() {
    return new Cipher(Node.MASTER_KEY, List.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "7", "15", "21"})
  void allRowsOfAnOlderSchemaAreThereAndANodeServesThem(String version) throws Exception {
    clear(from.database());
    clear(to.database());
    Migrations.run(from.database().uri(), version);
    FILL.forEach(sql -> from.database().update(sql.formatted(ACCOUNT)));
    Path file = directory.resolve("older.zip");
    assertThat(Backup.write(from.database().uri(), file, Optional.empty()).schemaVersion()).isEqualTo(version);

    Backup.Result restored = Restore.run(file, to.database().uri(), cipher(), () -> {
          assertThat(to.database().value(VERSION)).as("restored in its own schema").isEqualTo(version);
          assertThat(to.database().count("license")).as("not committed yet").isZero();
        });
    assertThat(restored.schemaVersion()).isEqualTo(version);
    assertThat(restored.rows()).isGreaterThanOrEqualTo(602);
    assertThat(to.database().value(VERSION))
        .isEqualTo(SchemaVersion.NEWEST);
    String names = "SELECT string_agg(key || name || activations, ',' ORDER BY key) FROM keyhook.license";
    assertThat(to.database().value(names)).isEqualTo(from.database().value(names));
    Node node = to.start();
    Api device = node.api().anonymous();
    assertThat(device.validate("OLDER-7", "first").expect(200).json().getBoolean("valid")).isTrue();
    device.validate("older-8", "another").expect(200);
    assertThat(to.database().number("SELECT activations FROM keyhook.license WHERE key = 'OLDER-8'")).isEqualTo(2);
    node.stop();
  }

  @Test
  void aRestoreThatFailsLeavesAnEmptyOlderSchemaIntoWhichItCanBeRepeated() throws Exception {
    clear(from.database());
    clear(to.database());
    Migrations.run(from.database().uri(), "15");
    FILL.forEach(sql -> from.database().update(sql.formatted(ACCOUNT)));
    Path file = directory.resolve("older.zip");
    Backup.write(from.database().uri(), file, Optional.empty());
    assertThatThrownBy(() -> Restore.run(file, to.database().uri(), cipher(), () -> {
      throw new IOException("No space left on device");
    })).hasMessageContaining("No space left");
    assertThat(to.database().count("license")).isZero();
    assertThat(Restore.run(file, to.database().uri(), cipher(), () -> { }).schemaVersion()).isEqualTo("15");
    assertThat(to.database().count("license")).isEqualTo(300);
  }
}
