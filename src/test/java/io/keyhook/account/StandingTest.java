package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A change of the team or its API keys is refused if its caller loses their rights between authentication and change. */
@OnlyOnPostgresql
class StandingTest {
  private static final String ACCOUNT = "(SELECT account_id FROM keyhook.member WHERE email = ?)";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  /** How an owner loses their rights. */
  enum Loss {
    REMOVED(401, "UNAUTHORIZED", "DELETE FROM keyhook.member WHERE email = ?"),
    DEMOTED(403, "ROLE_REQUIRED", "UPDATE keyhook.member SET role = 'member' WHERE email = ?"),
    LOGGED_OUT(401, "UNAUTHORIZED", "DELETE FROM keyhook.session WHERE account_id = " + ACCOUNT);

    private final int status;
    private final String code;
    private final String sql;

    Loss(int status, String code, String sql) {
      this.status = status;
      this.code = code;
      this.sql = sql;
    }
  }

  /** A call, with {@code %s} for the ID of another team member. */
  enum Change {
    ADD("POST", "/api/users", new JsonObject().put("email", "added@example.com").put("password", Node.PASSWORD).put("role", "member")),
    INVITE("POST", "/api/invitations", new JsonObject().put("email", "invited@example.com").put("role", "owner")),
    PROMOTE("PATCH", "/api/users/%s", new JsonObject().put("role", "owner")),
    REMOVE("DELETE", "/api/users/%s", null),
    RESET("POST", "/api/users/%s/password-reset", new JsonObject()),
    TURN_OFF("POST", "/api/users/%s/two-factor/disable", new JsonObject()),
    CREATE_KEY("POST", "/api/api-keys", new JsonObject().put("name", "k"));

    private final String method;
    private final String path;
    private final JsonObject body;

    Change(String method, String path, JsonObject body) {
      this.method = method;
      this.path = path;
      this.body = body == null ? null : body.put("currentPassword", Node.PASSWORD);
    }

    private CompletableFuture<Exchange> send(Api api, String otherId) {
      return api.header("Content-Type", "application/json").send(method, path.formatted(otherId), body == null ? null : body.encode());
    }
  }

  private static String add(Api owner, String role) {
    return owner.post("/api/users", new JsonObject().put("email", UUID.randomUUID() + "@example.com").put("password", Node.PASSWORD)
        .put("role", role).put("currentPassword", Node.PASSWORD)).expect(201).json().getString("id");
  }

  private static void execute(Connection connection, String sql, Object parameter) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setObject(1, parameter);
      statement.execute();
    }
  }

  /** What the account has, but for the caller. */
  private static String state(String email, UUID accountId) {
    return keyhook.database().value("""
        SELECT concat_ws(' ', (SELECT string_agg(m.email || m.role, ',' ORDER BY m.email) FROM keyhook.member m
            WHERE m.account_id = a.account_id AND m.email <> ?),
          (SELECT count(*) FROM keyhook.account_link l WHERE l.account_id = a.account_id),
          (SELECT count(*) FROM keyhook.api_key k WHERE k.account_id = a.account_id),
          (SELECT count(*) FROM keyhook.audit t WHERE t.account_id = a.account_id AND t.action <> 'login.succeeded'))
        FROM keyhook.account a WHERE a.account_id = ?""", email, accountId);
  }

  @ParameterizedTest
  @EnumSource
  void whoLosesTheirRightsMeanwhileLeavesNothingBehind(Loss loss) throws SQLException {
    for (Change change : Change.values()) {
      Api owner = keyhook.account("enterprise");
      String email = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
      UUID accountId = UUID.fromString(keyhook.database().value("SELECT account_id FROM keyhook.member WHERE email = ?", email));
      String other = add(owner, "member");
      String before = state(email, accountId);
      try (Connection connection = keyhook.database().connect()) {
        connection.setAutoCommit(false);
        execute(connection, "SELECT FROM keyhook.account WHERE account_id = ? FOR UPDATE", accountId);
        CompletableFuture<Exchange> answer = change.send(owner, other);
        awaitWaiting(change.name());
        execute(connection, loss.sql, email);
        connection.commit();
        Api.join(answer).expect(loss.status, loss.code);
      }
      assertThat(state(email, accountId)).as("%s", change).isEqualTo(before);
    }
  }

  @Test
  void aKeyThatIsRevokedMeanwhileLeavesNothingBehind() throws SQLException {
    for (Change change : new Change[] {Change.ADD, Change.REMOVE, Change.CREATE_KEY}) {
      Api owner = keyhook.account("enterprise");
      String other = add(owner, "member");
      JsonObject key = owner.post("/api/api-keys", new JsonObject().put("name", "revoked").put("currentPassword", Node.PASSWORD))
          .expect(201).json();
      String email = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
      UUID accountId = UUID.fromString(keyhook.database().value("SELECT account_id FROM keyhook.member WHERE email = ?", email));
      try (Connection connection = keyhook.database().connect()) {
        connection.setAutoCommit(false);
        execute(connection, "SELECT FROM keyhook.account WHERE account_id = ? FOR UPDATE", accountId);
        CompletableFuture<Exchange> answer = change.send(owner.anonymous().bearer(key.getString("key")), other);
        awaitWaiting(change.name());
        execute(connection, "DELETE FROM keyhook.api_key WHERE account_id = ?", accountId);
        connection.commit();
        Api.join(answer).expect(401, "UNAUTHORIZED");
      }
      assertThat(owner.get("/api/users").data()).hasSize(2);
      assertThat(owner.get("/api/api-keys").data()).isEmpty();
    }
  }

  private static void awaitWaiting(String change) {
    await(change + " waits for the account").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'""") > 0);
  }
}
