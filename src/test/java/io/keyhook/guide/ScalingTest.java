package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands for administrators work as the guide shows them. */
class ScalingTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  private static final List<String> LOG = List.of("event", "delivery");

  @TempDir
  Path directory;

  private static String today() {
    return keyhook.database().value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')");
  }

  /** Leaves a delivery in the log that is kept until today. */
  private static void deliverUntilToday(License license, Receiver receiver, String today) {
    for (String table : LOG) {
      keyhook.database().column("SELECT keyhook.make_partition(?, ?::date)", table, today);
    }
    keyhook.api().validate(license.key(), "device").expect(200);
    keyhook.awaitStatus(receiver.take().id(), "delivered");
    for (String table : LOG) {
      keyhook.database().update("UPDATE keyhook." + table + " SET keep_until = ?::date", today);
    }
  }

  @Test
  void licensesAreExportedAndADayOfTheLogIsArchived() throws IOException {
    List.of("bash", "psql", "gzip").forEach(Tool::require);
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    String today = today();
    deliverUntilToday(license, receiver, today);
    UUID account = Id.ACCOUNT.parse(keyhook.api().get("/api/account").expect(200).json().getString("id"));
    try (Shell shell = new Shell("bash", directory, directory.resolveSibling(directory.getFileName() + ".out"))) {
      shell.run("ACCOUNT=%s\nDATABASE_URI='%2$s'\nREPLICA_URI='%2$s'\nARCHIVE_URI='%2$s'"
          .formatted(account, keyhook.database().uri()));
      for (Guide.Block block : Guide.page("scaling").blocks()) {
        shell.run(block.text());
      }
    }
    assertThat(directory.resolve("licenses.csv")).content().startsWith("key,name,").contains(license.key());
    for (String table : LOG) {
      assertThat(Files.size(directory.resolve("keyhook." + table + "_" + today + ".csv.gz"))).isPositive();
      assertThat(keyhook.database().value("SELECT to_regclass('keyhook." + table + "_" + today + "')")).isNull();
    }
    assertThat(keyhook.database().value("SELECT data::json ->> 'licenseKey' FROM archived_event")).isEqualTo(license.key());
    assertThat(keyhook.database().count("event")).isZero();
    keyhook.database().update("DROP TABLE archived_event");
    keyhook.deleteWebhooks();
  }
}
