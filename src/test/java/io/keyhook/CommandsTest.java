package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Version;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands of an administrator, in processes of their own, while a node runs. */
class CommandsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  private String run(int exitCode, Map<String, String> more, String... arguments) {
    Map<String, String> environment = new HashMap<>(Map.of("KEYHOOK_DATABASE_URI", keyhook.database().uri().toString(),
        "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET, "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY));
    environment.putAll(more);
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of(), arguments)) {
      assertThat(process.exitCode()).as(process.output()).isEqualTo(exitCode);
      return process.output();
    }
  }

  private String run(int exitCode, String... arguments) {
    return run(exitCode, Map.of(), arguments);
  }

  private static String printed(String name, String output) {
    Matcher line = Pattern.compile("  " + name + " +(\\S+)").matcher(output);
    assertThat(line.find()).as(output).isTrue();
    return line.group(1);
  }

  private static int logIn(String email, String password) {
    return keyhook.api().anonymous().post("/api/auth/login", new JsonObject().put("email", email).put("password", password))
        .status();
  }

  @Test
  void anAccountIsCreatedAndItsPasswordReset() {
    String created = run(0, "create-account", "shop@example.com", "starter");
    String password = printed("password", created);
    assertThat(logIn("shop@example.com", password)).isEqualTo(200);
    Api api = keyhook.api().anonymous().bearer(printed("API key", created));
    assertThat(api.get("/api/account").expect(200).json().getString("plan")).isEqualTo("starter");

    keyhook.database().update("""
        INSERT INTO keyhook.passkey (account_id, user_id, name, origin, credential_id, credential, sign_count, backup_eligible, backed_up)
        SELECT account_id, user_id, 'Laptop', 'https://keyhook.example.com', '\\x01', '\\x01', 0, false, false FROM keyhook.member WHERE email = 'shop@example.com'""");
    String reset = run(0, "reset-password", "Shop@Example.com");
    assertThat(keyhook.database().count("passkey")).isZero();
    assertThat(logIn("shop@example.com", password)).isEqualTo(401);
    assertThat(logIn("shop@example.com", printed("password", reset))).isEqualTo(200);
    assertThat(api.get("/api/audit?action=user.password_changed").expect(200).data()).hasSize(1);

    assertThat(run(1, "create-account", "shop@example.com", "starter")).contains("already exists");
    assertThat(run(1, "create-account", "other@example.com", "golden")).contains("There is no plan \"golden\"")
        .doesNotContain("password  ");
    assertThat(run(1, "reset-password", "nobody@example.com")).contains("No team member has the e-mail address")
        .doesNotContain("password  ");
  }

  @Test
  void theConfigurationIsCheckedWithoutADatabase() {
    Map<String, String> away = Map.of("KEYHOOK_DATABASE_URI", "postgresql://u:secret-of-u@127.0.0.1:1/k");
    assertThat(run(0, away, "check-config")).contains("The configuration is valid", "127.0.0.1:1").doesNotContain("secret-of-u");
    assertThat(run(2, Map.of("KEYHOOK_HTTP_PORT", "70000"), "check-config")).contains("http.port");
  }

  @Test
  void aVariableOfOpenTelemetryThatIsWrongIsNamedInOneLine() {
    for (String command : List.of("serve", "check-config")) {
      String soon = run(2, Map.of("KEYHOOK_TRACING_ENABLED", "true", "OTEL_BSP_SCHEDULE_DELAY", "soon"), command);
      assertThat(soon).contains("OTEL_BSP_SCHEDULE_DELAY=soon").doesNotContain("\tat ");
    }
    String headers = run(2, Map.of("KEYHOOK_TRACING_ENABLED", "true", "OTEL_EXPORTER_OTLP_HEADERS", "token-of-the-collector"),
        "check-config");
    assertThat(headers).contains("OTEL_EXPORTER_OTLP_HEADERS").doesNotContain("\tat ", "token-of-the-collector");
    String endpoint = run(2, Map.of("KEYHOOK_TRACING_ENABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", "u:password-of-u@collector"),
        "check-config");
    assertThat(endpoint).contains("cannot export traces").doesNotContain("\tat ", "password-of-u");
    assertThat(run(0, Map.of("KEYHOOK_TRACING_ENABLED", "true"), "check-config")).contains("The configuration is valid");
  }

  @Test
  void theDoctorSaysWhatIsWrong() {
    assertThat(run(0, "doctor")).contains("ok     database", "ok     schema", "ok     clock", "ok     writes", "ok     disk")
        .doesNotContain("WRONG");
    long connections = keyhook.database().number(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int");
    assertThat(run(0, Map.of("KEYHOOK_DATABASE_MAX_CONNECTIONS", "20"), "doctor"))
        .contains("ok     connections", "opens up to 20: enough for " + connections / 20 + " nodes");
    assertThat(run(1, Map.of("KEYHOOK_DATABASE_MAX_CONNECTIONS", Long.toString(connections + 1)), "doctor"))
        .contains("WRONG  connections", "enough for 0 nodes");
    assertThat(run(1, Map.of("KEYHOOK_DATABASE_URI", "postgresql://u:secret-of-u@127.0.0.1:1/k"), "doctor"))
        .contains("WRONG  database", "127.0.0.1:1").doesNotContain("secret-of-u");
  }

  @Test
  void theDoctorSaysWhichWebhooksItCouldNotReadAndWhichItCouldNotReach() {
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:1/hook")
        .put("events", new JsonArray().add("license.created"))).expect(201);
    Map<String, String> insecure = Map.of("KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true");
    assertThat(run(1, insecure, "doctor")).contains("WRONG  HTTPS", "refused");
    assertThat(run(1, "doctor")).as("a URL that a delivery may not reach by now").contains("WRONG  HTTPS");
    keyhook.database().update("ALTER TABLE keyhook.webhook RENAME TO webhook_elsewhere");
    try {
      assertThat(run(1, insecure, "doctor")).contains("ok     schema", "WRONG  webhooks").doesNotContain("HTTPS");
    } finally {
      keyhook.database().update("ALTER TABLE keyhook.webhook_elsewhere RENAME TO webhook");
      keyhook.deleteWebhooks();
    }
  }

  @Test
  void theDoctorTrustsTheAuthoritiesThatDeliveriesTrust() throws Exception {
    TlsFiles tls = TlsFiles.in(directory, "localhost");
    Vertx vertx = Vertx.vertx();
    try {
      int port = Waiting.on(vertx.createHttpServer(new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions()
              .addCertPath(tls.file("localhost.crt").toString()).addKeyPath(tls.file("localhost.key").toString())))
          .requestHandler(request -> request.response().end()).listen(0, "127.0.0.1")).actualPort();
      keyhook.api().post("/api/webhooks", new JsonObject().put("url", "https://localhost:" + port)
          .put("events", new JsonArray().add("license.created"))).expect(201);
      Map<String, String> trusting = Map.of("KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true",
          "KEYHOOK_DELIVERY_TRUST_STORE", tls.file("authority.crt").toString());
      assertThat(run(0, trusting, "doctor")).contains("ok     HTTPS", "localhost:" + port + " by TLSv1.3");
      assertThat(run(1, Map.of("KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true"), "doctor"))
          .contains("WRONG  HTTPS", "localhost:" + port + ": PKIX path building failed");
    } finally {
      keyhook.deleteWebhooks();
      Waiting.on(vertx.close());
    }
  }

  @Test
  void versionAndHelpNeedNoConfiguration() {
    Map<String, String> wrong = Map.of("KEYHOOK_HTTP_PORT", "70000");
    assertThat(run(0, wrong, "--version")).isEqualTo("Keyhook " + Version.VERSION + System.lineSeparator());
    assertThat(run(0, wrong, "--help")).contains("create-account EMAIL PLAN", "rotate-master-key");
    assertThat(run(0, wrong, "listen", "--help")).startsWith("Usage: java -jar keyhook.jar listen --forward URL").contains("print this");
  }
}
