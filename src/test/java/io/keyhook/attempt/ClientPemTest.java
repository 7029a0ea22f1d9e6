package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPrivateKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is accepted as a client certificate and its private key, and what is said of everything else. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientPemTest {
  private Certificates certificates;

  @BeforeAll
  void makeCertificates() throws Exception {
    certificates = Certificates.withClients();
  }

  private static ClientPem checked(String certificate, String key) {
    return ClientPem.read(new ClientCertificate(certificate, key)).check(Instant.now());
  }

  @Test
  void textAroundTheBlocksIsLeftOut() {
    String chain = certificates.certificate("client-a") + certificates.certificate("authority");
    ClientPem pem = checked("Bag Attributes\n  friendlyName: a\n" + chain.replace("\n", "\r\n") + "\nthe end", "key:\n"
        + certificates.key("client-a"));
    assertThat(pem.chain()).hasSize(2);
    assertThat(pem.subject()).isEqualTo("CN=client-a");
    assertThat(pem.issuer()).isEqualTo("CN=authority");
    assertThat(pem.fingerprint()).matches("[0-9a-f]{64}");
    assertThat(pem.expiresAt()).isAfter(Instant.now());
    ClientCertificate kept = pem.pem();
    assertThat(kept.certificate()).startsWith("-----BEGIN CERTIFICATE-----\n").doesNotContain("Bag", "end", "\r");
    assertThat(checked(kept.certificate(), kept.privateKey()).pem()).isEqualTo(kept);
    assertThat(pem.toString() + kept).doesNotContain(kept.privateKey().lines().toList().get(1));
  }

  Stream<Arguments> refused() {
    String a = certificates.certificate("client-a");
    String key = certificates.key("client-a");
    String authority = certificates.certificate("authority");
    return Stream.of(
        Arguments.of("", key, "certificate", "has no certificate"),
        Arguments.of("garbage", key, "certificate", "has no certificate"),
        Arguments.of("-----BEGIN ", key, "certificate", "without an end"),
        Arguments.of("-----BEGIN CERTIFICATE-----", key, "certificate", "without an end"),
        Arguments.of(a.replace("-----END CERTIFICATE-----", ""), key, "certificate", "without an end"),
        Arguments.of("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", key, "certificate", "cannot be read"),
        Arguments.of(a.replace("\nMII", "\n!!!"), key, "certificate", "not base64"),
        Arguments.of(Certificates.pem("CERTIFICATE", new byte[100]), key, "certificate", "cannot be read"),
        Arguments.of(a.replace(a.lines().toList().get(3), ""), key, "certificate", "cannot be read"),
        Arguments.of(a + key, key, "certificate", "contains a private key"),
        Arguments.of(a.replace(" CERTIFICATE-", " CERTIFICATE REQUEST-"), key, "certificate", "other than certificates"),
        Arguments.of(a + authority.repeat(10), key, "certificate", "more than 10"),
        Arguments.of(authority + a, certificates.key("authority"), "certificate", "not in order"),
        Arguments.of(a + certificates.certificate("stranger"), key, "certificate", "not in order"),
        Arguments.of(certificates.certificate("client-expired"), certificates.key("client-expired"), "certificate", "expired at 20"),
        Arguments.of(certificates.certificate("client-future"), certificates.key("client-future"), "certificate", "not valid before 20"),
        Arguments.of(certificates.certificate("client-short"), certificates.key("client-short"), "certificate", "neither RSA"),
        Arguments.of(certificates.certificate("client-other"), certificates.key("client-other"), "certificate", "neither RSA"),
        Arguments.of(a, "", "privateKey", "is not one private key"),
        Arguments.of(a, "garbage", "privateKey", "is not one private key"),
        Arguments.of(a, key + key, "privateKey", "is not one private key"),
        Arguments.of(a, "-----BEGIN PRIVATE KEY-----\nAAAA", "privateKey", "without an end"),
        Arguments.of(a, a, "privateKey", "contains a certificate"),
        Arguments.of(a, key.replace(" PRIVATE", " ENCRYPTED PRIVATE"), "privateKey", "is encrypted"),
        Arguments.of(a, key.replace(" PRIVATE", " RSA PRIVATE").replaceFirst("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n"),
            "privateKey", "is encrypted"),
        Arguments.of(a, key.replace(" PRIVATE", " RSA PRIVATE"), "privateKey", "is not in PKCS#8"),
        Arguments.of(a, "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n" + key.replace(" PRIVATE", " EC PRIVATE"),
            "privateKey", "is not in PKCS#8"),
        Arguments.of(a, key.replace(" PRIVATE", " PUBLIC"), "privateKey", "is not one private key"),
        Arguments.of(a, Certificates.pem("PRIVATE KEY", new byte[100]), "privateKey", "cannot be read as the EC key"),
        Arguments.of(a, certificates.key("client-rsa"), "privateKey", "cannot be read as the EC key"),
        Arguments.of(a, certificates.key("client-b"), "privateKey", "does not belong"),
        Arguments.of(certificates.certificate("client-rsa"), certificates.key("client-short"), "privateKey", "does not belong"),
        Arguments.of(certificates.certificate("client-rsa"), key, "privateKey", "cannot be read as the RSA key"));
  }

  /** With each of them, a handshake would calculate for seconds, or with nonsense. */
  @Test
  void numbersThatAreNotThoseOfTheModulusAreRefused() throws Exception {
    KeyFactory rsa = KeyFactory.getInstance("RSA");
    String[] lines = certificates.key("client-rsa").lines().toArray(String[]::new);
    RSAPrivateCrtKey key = (RSAPrivateCrtKey) rsa.generatePrivate(new PKCS8EncodedKeySpec(
        Base64.getDecoder().decode(String.join("", Arrays.copyOfRange(lines, 1, lines.length - 1)))));
    List<BigInteger> good = List.of(key.getPublicExponent(), key.getPrivateExponent(), key.getPrimeP(), key.getPrimeQ(),
        key.getPrimeExponentP(), key.getPrimeExponentQ(), key.getCrtCoefficient());
    BigInteger huge = BigInteger.ONE.shiftLeft(20_000).subtract(BigInteger.ONE);
    for (int i = 0; i < good.size(); i++) {
      for (BigInteger bad : List.of(huge, good.get(i).add(BigInteger.TWO), BigInteger.ONE)) {
        List<BigInteger> numbers = new ArrayList<>(good);
        numbers.set(i, bad);
        byte[] encoded = rsa.generatePrivate(new RSAPrivateCrtKeySpec(key.getModulus(), numbers.get(0), numbers.get(1), numbers.get(2),
            numbers.get(3), numbers.get(4), numbers.get(5), numbers.get(6))).getEncoded();
        boolean used = i != 1 || bad.equals(huge); // with the parts, the exponent is not
        if (used) {
          refused(certificates.certificate("client-rsa"), Certificates.pem("PRIVATE KEY", encoded), "privateKey", "does not belong");
        }
      }
    }
    byte[] whole = rsa.generatePrivate(new RSAPrivateKeySpec(key.getModulus(), huge)).getEncoded();
    refused(certificates.certificate("client-rsa"), Certificates.pem("PRIVATE KEY", whole), "privateKey", "does not belong");
    assertThat(checked(certificates.certificate("client-rsa"), certificates.key("client-rsa")).chain()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource
  void refused(String certificate, String key, String field, String message) {
    FailureException e = catchThrowableOfType(FailureException.class, () -> checked(certificate, key));
    Failure.FieldError error = ((Failure.Invalid) e.failure()).errors().get(0);
    assertThat(error.field()).isEqualTo("authentication." + field);
    assertThat(error.message()).contains(message).doesNotContain("BEGIN");
  }
}
