package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookSigningException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.UniqueElements;

class SignerTest {
  /** From the documentation of the specification's authors. */
  @Example
  void theKnownExampleIsSignedAsPublished() {
    Signer signer = new Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    byte[] body = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
    assertThat(signer.standard("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  /** Computed with `printf %s "$body" | openssl dgst -sha256 -hmac "$secret"`. */
  @Example
  void thePlainSignatureIsKeyedWithTheWholeSecret() {
    Signer signer = new Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assertThat(signer.plain("{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8))).isEqualTo("80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c");
  }

  @Property
  void anotherImplementationSignsAlike(
      @ForAll @Size(32) byte[] secret, @ForAll @LongRange(min = 0, max = 1L << 40) long timestamp, @ForAll int number)
      throws WebhookSigningException {
    String key = "whsec_" + Base64.getEncoder().encodeToString(secret);
    String body = "{\"number\":" + number + ",\"text\":\"\u2603\"}";
    assertThat(new Signer(key).standard("delivery_" + number, timestamp, body.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(new Webhook(key).sign("delivery_" + number, timestamp, body));
  }

  @Property
  void oneSignerSignsManyAlike(@ForAll @Size(min = 2, max = 2) @UniqueElements byte[] bodies) {
    Signer signer = new Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    String first = signer.plain(new byte[] {bodies[0]});
    assertThat(signer.plain(new byte[] {bodies[1]})).isNotEqualTo(first);
    assertThat(signer.plain(new byte[] {bodies[0]})).isEqualTo(first);
  }
}
