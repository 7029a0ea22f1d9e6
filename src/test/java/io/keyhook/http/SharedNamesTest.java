package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import io.keyhook.account.Jwts;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import io.vertx.core.json.jackson.JacksonCodec;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Names in the JSON of others are kept in no table that all parsers of Vert.x share: with names of one hash, somebody could
 * have those refuse what others send.
 */
class SharedNamesTest {
  /** Of one request: more than all that else happens here adds. */
  private static final int NAMES = 150;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  /** Names in the tables that Vert.x shares. */
  private static int names() throws ReflectiveOperationException {
    Field own = JacksonCodec.class.getDeclaredField("factory");
    own.setAccessible(true);
    int names = 0;
    for (Object factory : new Object[] {own.get(null), DatabindCodec.mapper().getFactory()}) {
      for (String table : new String[] {"_byteSymbolCanonicalizer", "_rootCharSymbols"}) {
        Field field = JsonFactory.class.getDeclaredField(table);
        field.setAccessible(true);
        Object symbols = field.get(factory);
        names += (Integer) symbols.getClass().getMethod("size").invoke(symbols);
      }
    }
    return names;
  }

  private static JsonObject fresh() {
    JsonObject object = new JsonObject();
    for (int i = 0; i < NAMES; i++) {
      object.put(UUID.randomUUID().toString().substring(0, 13), 0);
    }
    return object;
  }

  private static String base64(JsonObject json) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(json.encode().getBytes(StandardCharsets.UTF_8));
  }

  private static void send(String method, String path, String body, String credential) {
    new Wire(keyhook.node().uri()).send(method, path, body.getBytes(StandardCharsets.UTF_8), "Content-Type: application/json",
        "Authorization: Bearer " + credential);
  }

  @Test
  void aTokenThatNoIssuerSignedAddsNone() throws Exception {
    int before = names();
    String header = base64(new JsonObject().put("alg", "HS256").put("typ", "JWT"));
    send("GET", "/api/account", "", base64(fresh().put("alg", "HS256")) + '.' + base64(new JsonObject()) + ".AAAA");
    send("GET", "/api/account", "", header + '.' + base64(fresh()) + ".AAAA");
    send("GET", "/api/account", "", header + '.' + base64(fresh()) + '.' + "A".repeat(43));
    send("GET", "/api/account", "", base64(fresh().put("alg", "none")) + '.' + base64(fresh()) + '.');
    assertThat(names() - before).isLessThan(NAMES);
    send("GET", "/api/account", "", Jwts.hs256(fresh(), Node.JWT_SECRET));
    assertThat(names() - before).as("the control: an issuer's names").isGreaterThanOrEqualTo(NAMES);
  }

  @Test
  void bodiesAddNone() throws Exception {
    int before = names();
    for (String path : new String[] {"/api/validate", "/api/auth/login", "/api/licenses", "/api/webhooks"}) {
      send("POST", path, fresh().encode(), Node.API_KEY);
    }
    assertThat(names() - before).isLessThan(NAMES);
  }

  @Test
  void metadataAddsNoneWhereItIsStoredAndRead() throws Exception {
    int before = names();
    for (int i = 0; i < 4; i++) {
      send("POST", "/api/licenses", new JsonObject().put("name", "A").put("metadata", new JsonObject().put("in", fresh()))
          .encode(), Node.API_KEY);
    }
    send("GET", "/api/licenses?limit=100", "", Node.API_KEY);
    send("GET", "/api/licenses/export", "", Node.API_KEY);
    assertThat(names() - before).isLessThan(NAMES);
  }
}
