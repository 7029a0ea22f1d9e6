package io.keyhook.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A Keyhook under test, {@code java -jar}, with a database of its own on the bench's PostgreSQL. */
public final class Installation implements AutoCloseable {
  private static final String OPERATOR_KEY = "operator-of-the-bench-0123456789abcdef";
  private static final String PASSWORD = "password-of-the-bench";
  private static final Duration START = Duration.ofMinutes(2);
  /** As a license and its one device are made by the API, in a fraction of the time. */
  private static final String LICENSES = """
      INSERT INTO keyhook.license (account_id, key, name, max_activations, activations)
      SELECT account_id, ? || lpad((n / 10000)::text, 4, '0') || '-' || lpad((n % 10000)::text, 4, '0'),
        'License ' || n, 5, 1
      FROM keyhook.account, generate_series(0, ? - 1) n WHERE name = ?""";
  private static final String DEVICES = """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint, device_name, device_type, ip_address)
      SELECT account_id, license_id, 'device-abc-123', 'MacBook Pro', 'desktop', '127.0.0.1'
      FROM keyhook.license JOIN keyhook.account USING (account_id) WHERE account.name = ?""";

  private final PostgresServer.Database database;
  private final Child process;
  private final int port;
  private int accounts;

  private Installation(PostgresServer.Database database, Child process, int port) {
    this.database = database;
    this.process = process;
    this.port = port;
  }

  /**
   * An account on the enterprise plan.
   *
   * @param token of its owner
   * @param keyPrefix of its licenses' keys, which eight digits follow
   */
  public record Account(String name, String token, String keyPrefix, int licenses) {}

  /** Starts one on a new database. */
  public static Installation start(Lab lab, String database, String... jvmOptions) throws Exception {
    return start(lab, lab.postgres().create(database), jvmOptions);
  }

  /** Starts one on a database that there is. */
  public static Installation start(Lab lab, PostgresServer.Database database, String... jvmOptions) throws Exception {
    return start(lab, database, Map.of(), jvmOptions);
  }

  /** The same with some of the {@linkplain #environment() environment} of one's own. */
  public static Installation start(
      Lab lab, PostgresServer.Database database, Map<String, String> own, String... jvmOptions) throws Exception {
    Map<String, String> environment = environment(database);
    environment.putAll(own);
    int port = Lab.freePort();
    environment.put("KEYHOOK_HTTP_PORT", Integer.toString(port));
    Child process = lab.keyhook(environment, List.of(jvmOptions));
    awaitReady(process, port);
    return new Installation(database, process, port);
  }

  /** What commands and nodes need for a database. */
  public static Map<String, String> environment(PostgresServer.Database database) {
    Map<String, String> environment = environment();
    environment.put("KEYHOOK_DATABASE_URI", database.uri());
    return environment;
  }

  /** What all have in common. */
  public static Map<String, String> environment() {
    byte[] masterKey = new byte[32];
    return new HashMap<>(Map.of(
        "KEYHOOK_OPERATOR_KEY", OPERATOR_KEY,
        "KEYHOOK_AUTH_JWT_SECRET", "tokens-of-the-bench-0123456789abcdef",
        "KEYHOOK_SECRETS_MASTER_KEY", Base64.getEncoder().encodeToString(masterKey),
        "KEYHOOK_VALIDATION_RATE_LIMIT", "0",
        "KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true"));
  }

  /** Waits until it says that it is ready. */
  public static void awaitReady(Child process, int port) throws Exception {
    Waiting.expect("Keyhook is ready", START, () -> {
      if (!process.isAlive()) {
        throw new IllegalStateException("Keyhook ended: " + process.lastWords());
      }
      try {
        return Http.send("GET", "http://127.0.0.1:" + port + "/health/ready", null, null).status() == 200;
      } catch (ConnectException e) {
        return false;
      }
    });
  }

  public int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  public PostgresServer.Database database() {
    return database;
  }

  public String metrics() throws IOException, InterruptedException {
    return Http.send("GET", url("/metrics"), null, null).expect(200).body();
  }

  /** Makes an account with so many licenses, each with one device. */
  public Account account(int licenses) throws IOException, InterruptedException, SQLException {
    Account account = emptyAccount(licenses);
    database.run(LICENSES, account.keyPrefix, licenses, account.name);
    database.run(DEVICES, account.name);
    return account;
  }

  /** The same without devices, by the API. Takes longer, and works with any database. */
  public Account importedAccount(int licenses) throws IOException, InterruptedException {
    Account account = emptyAccount(licenses);
    StringBuilder file = new StringBuilder("name,key\n");
    for (int i = 0; i < licenses; i++) {
      file.append("License,").append(account.keyPrefix)
          .append(String.format("%04d-%04d\n", i / 10_000, i % 10_000));
    }
    Http.send("POST", url("/api/licenses/import"), account.token, "text/csv", file.toString()).expect(200);
    return account;
  }

  private Account emptyAccount(int licenses) throws IOException, InterruptedException {
    String name = String.format("bench-%04d", ++accounts);
    String email = name + "@example.com";
    Http.send("POST", url("/api/admin/accounts"), OPERATOR_KEY, new JsonObject().put("name", name).put("email", email)
        .put("password", PASSWORD).put("plan", "enterprise")).expect(201);
    String token = login(email).expect(200).json().getString("token");
    return new Account(name, token, String.format("BNCH-%04d-", accounts), licenses);
  }

  /** Logs its owner in once more. */
  public Http.Answer login(Account account) throws IOException, InterruptedException {
    return login(account.name() + "@example.com");
  }

  private Http.Answer login(String email) throws IOException, InterruptedException {
    return Http.send("POST", url("/api/auth/login"), null,
        new JsonObject().put("email", email).put("password", PASSWORD));
  }

  public List<Account> accounts(int count, int licenses) throws IOException, InterruptedException, SQLException {
    List<Account> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(account(licenses));
    }
    return made;
  }

  /** After seeding, as autovacuum would by and by. */
  public void analyze() throws SQLException {
    database.run("VACUUM ANALYZE");
  }

  /** Makes a webhook for validations, and gives its id. */
  public String webhook(Account account, String url, boolean active) throws IOException, InterruptedException {
    return webhook(account, url, "license.validated", active);
  }

  /** Makes a webhook for one type of event, and gives its id. */
  public String webhook(Account account, String url, String event, boolean active)
      throws IOException, InterruptedException {
    return call(account, "POST", "/api/webhooks", new JsonObject().put("url", url)
        .put("events", new JsonArray(List.of(event))).put("isActive", active))
        .expect(201).json().getString("id");
  }

  public void setActive(Account account, String webhook, boolean active) throws IOException, InterruptedException {
    call(account, "PATCH", "/api/webhooks/" + webhook, new JsonObject().put("isActive", active)).expect(200);
  }

  /** One validation of the account's first license. */
  public void validate(Account account, int sequence) throws IOException, InterruptedException {
    Http.send("POST", url("/api/validate"), null, new JsonObject().put("licenseKey", account.keyPrefix + "0000-0000")
        .put("fingerprint", "device-abc-123").put("deviceType", "bench-" + sequence)).expect(200);
  }

  /**
   * @param body null: none
   */
  public Http.Answer call(Account account, String method, String path, JsonObject body)
      throws IOException, InterruptedException {
    return Http.send(method, url(path), account.token, body);
  }

  /** Waits until nothing is to be sent any more; false: there still is something. */
  public boolean drain(Duration limit) throws Exception {
    return Waiting.until(limit, () -> database.number("SELECT count(*) FROM keyhook.delivery_queue") == 0);
  }

  private String url(String path) {
    return "http://127.0.0.1:" + port + path;
  }

  /** Ends the process; the database stays. */
  @Override
  public void close() {
    process.close();
  }
}
