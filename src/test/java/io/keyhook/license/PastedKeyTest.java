package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key is found in whatever form a mail client, a PDF or a phone leaves it. */
class PastedKeyTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @ParameterizedTest
  @ValueSource(strings = {
      "KEY", " KEY ", "key", "NOHYPHENS", "SPACES",
      "\u00a0KEY\u00a0", "\u202fKEY", "KEY\u200b", "\u200eKEY\u200f", "\ufeffKEY", "\u2066KEY\u2069", "KEY\r\n", "KEY\u0085",
      "HYPHEN\u2010", "HYPHEN\u2011", "HYPHEN\u2012", "HYPHEN\u2013", "HYPHEN\u2014", "HYPHEN\u2212", "HYPHEN\u00ad",
      "HYPHEN\ufe63", "HYPHEN\uff0d", "HYPHEN\u00a0", "HYPHEN\u2009", "HYPHEN - ", "HYPHEN-\n", "FULLWIDTH"})
  void aPastedKeyIsFound(String form) {
    String key = keyhook.license(1).key();
    assertThat(key).contains("-");
    keyhook.api().anonymous().validate(pasted(key, form), "device").expect(200);
  }

  static String pasted(String key, String form) {
    return form.startsWith("HYPHEN") ? key.replace("-", form.substring(6))
        : form.equals("NOHYPHENS") ? key.replace("-", "")
        : form.equals("nohyphens") ? key.replace("-", "").toLowerCase(java.util.Locale.ROOT)
        : form.equals("SPACES") ? key.replace('-', ' ')
        : form.equals("FULLWIDTH") ? fullWidth(key)
        : form.replace("KEY", key).replace("key", key.toLowerCase(java.util.Locale.ROOT));
  }

  static String fullWidth(String key) {
    StringBuilder wide = new StringBuilder();
    key.chars().forEach(c -> wide.append((char) (c - '!' + '\uff01')));
    return wide.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "\u200b", "-", "\u00ad", "\u3000"})
  void layoutDoesNotCountInAKeysLength(String layout) {
    String longest = (unique() + "x".repeat(128)).substring(0, 128);
    for (String key : new String[] {keyhook.license(1).key(), keyhook.license(keyhook.api(),
        new JsonObject().put("name", "L").put("key", longest)).key()}) {
      String most = layout.repeat((4096 - key.length()) / 2);
      keyhook.api().anonymous().validate(most + key + most, "device").expect(200);
      assertThat(keyhook.api().anonymous().validate(layout.repeat(4096) + key, "device").expect(400).json().getString("error"))
          .contains("licenseKey is longer than 4096 characters");
      assertThat(keyhook.api().anonymous().validate(layout + key + "x".repeat(128), "device").expect(400).json()
          .getString("error")).contains("licenseKey is longer than 128 characters");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "-", "\u200b", "----------------"})
  void layoutAloneIsNoKey(String text) {
    int status = keyhook.api().anonymous().validate(text, "device").status();
    assertThat(status).isIn(400, 404);
  }

  private static String unique() {
    return Long.toString(ThreadLocalRandom.current().nextLong(1L << 60, Long.MAX_VALUE), 36).toUpperCase(java.util.Locale.ROOT);
  }

  @Test
  void aKeyThatDiffersFromAnotherOnlyInLayoutIsRefusedAtCreation() {
    Api api = keyhook.account("enterprise");
    String key = "OWN-" + unique();
    keyhook.license(api, new JsonObject().put("name", "first").put("key", key));
    String other = "O-WN" + key.substring(4).toLowerCase(java.util.Locale.ROOT);
    JsonObject again = new JsonObject().put("name", "second").put("key", other);
    api.post("/api/licenses", again).expect(409, "LICENSE_KEY_TAKEN");
    keyhook.account("enterprise").post("/api/licenses", again).expect(409, "LICENSE_KEY_TAKEN");
    assertThat(Api.join(api.header("Content-Type", "text/csv").send("POST", "/api/licenses/import",
        "name,key\nA,\nB," + other + "\n")).expect(400).badFields()).containsExactly("line 3: key");
    assertThat(api.post("/api/licenses", again.put("key", "-".repeat(20))).expect(400).badFields()).containsExactly("key");
  }

  @Test
  void ofTwoSuchKeysOnlyOneIsCreatedInARace() {
    String key = unique();
    Api api = keyhook.account("enterprise");
    var first = api.postAsync("/api/licenses", new JsonObject().put("name", "A").put("key", "A-" + key + "-0000"));
    var second = api.postAsync("/api/licenses", new JsonObject().put("name", "B").put("key", "A" + key + "-0000"));
    assertThat(new int[] {Api.join(first).status(), Api.join(second).status()}).containsExactlyInAnyOrder(201, 409);
  }

  /** As they may stand in a database of before: each account's key keeps its meaning. A database with such keys cannot be distributed. */
  @OnlyOnPostgresql
  @Test
  void keysThatDifferedInHyphensAloneStayTwoLicenses() {
    String key = unique();
    Installation.License hyphened = before("OLD-" + key);
    Installation.License plain = before("OL-D" + key);
    Api anyone = keyhook.api().anonymous();
    anyone.validate(hyphened.key(), "one").expect(200);
    anyone.validate(plain.key().toLowerCase(java.util.Locale.ROOT), "two").expect(200);
    anyone.validate("OLD" + key, "three").expect(404, "LICENSE_NOT_FOUND");
    for (Installation.License license : new Installation.License[] {hyphened, plain}) {
      assertThat(keyhook.database().number("SELECT activations FROM keyhook.license WHERE key = ?", license.key())).isEqualTo(1);
    }
  }

  private Installation.License before(String key) {
    Installation.License license = keyhook.license(1);
    keyhook.database().update("UPDATE keyhook.license SET key = ?, created_at = now() - interval '1 year' WHERE key = ?", key,
        license.key());
    return new Installation.License(license.id(), key);
  }
}
