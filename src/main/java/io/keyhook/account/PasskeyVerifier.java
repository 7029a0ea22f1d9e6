package io.keyhook.account;

import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.converter.AttestedCredentialDataConverter;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.AuthenticationData;
import com.webauthn4j.data.AuthenticationParameters;
import com.webauthn4j.data.AuthenticationRequest;
import com.webauthn4j.data.PublicKeyCredentialParameters;
import com.webauthn4j.data.PublicKeyCredentialType;
import com.webauthn4j.data.RegistrationData;
import com.webauthn4j.data.RegistrationParameters;
import com.webauthn4j.data.RegistrationRequest;
import com.webauthn4j.data.attestation.authenticator.AttestedCredentialData;
import com.webauthn4j.data.attestation.authenticator.AuthenticatorData;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.data.client.CollectedClientData;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.server.ServerProperty;
import io.keyhook.bus.Check;
import io.keyhook.bus.Passkeys;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies what authenticators return (Web Authentication, level 3, sections 7.1 and 7.2). The user must have been verified, by a
 * PIN or biometrics; who has made the authenticator is not asked. Takes milliseconds: not for event loops. Any thread.
 */
final class PasskeyVerifier {
  private static final Logger log = LoggerFactory.getLogger(PasskeyVerifier.class);

  /** Loads the library with the first passkey: a server without passkeys does not need it. */
  private static final class Library {
    private static final ObjectConverter CONVERTER = new ObjectConverter();
    private static final WebAuthnManager MANAGER = WebAuthnManager.createNonStrictWebAuthnManager(CONVERTER);
    private static final AttestedCredentialDataConverter CREDENTIALS = new AttestedCredentialDataConverter(CONVERTER);
    private static final List<PublicKeyCredentialParameters> ALGORITHMS = Stream.of(COSEAlgorithmIdentifier.EdDSA,
            COSEAlgorithmIdentifier.ES256, COSEAlgorithmIdentifier.RS256)
        .map(algorithm -> new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, algorithm)).toList();
  }

  private PasskeyVerifier() {}

  /**
   * A passkey.
   *
   * @param credential the attested credential data, with the public key
   * @param backupEligible whether it may be on several devices
   */
  record Key(byte[] credentialId, byte[] credential, long signCount, boolean backupEligible, boolean backedUp) {}

  /**
   * A passkey that was verified.
   *
   * @param key after this use
   * @param challenge that it has signed
   */
  record Verified(Key key, byte[] challenge) {}

  /**
   * Verifies a new passkey.
   *
   * @param issued whether the challenge is one of ours
   * @return empty: it is refused
   * @throws io.keyhook.bus.FailureException the request is malformed
   */
  static Optional<Verified> create(PasskeySite site, Passkeys.Create request, Predicate<byte[]> issued) {
    RegistrationData data = read("attestationObject", () -> Library.MANAGER.parse(new RegistrationRequest(
        Passkeys.bytes(request.attestationObject()), Passkeys.bytes(request.clientData()))));
    return verified(() -> {
      byte[] challenge = challenge(data.getCollectedClientData());
      if (!issued.test(challenge)) {
        return Optional.empty();
      }
      Library.MANAGER.verify(data, new RegistrationParameters(property(site, data.getCollectedClientData()), Library.ALGORITHMS, true));
      AuthenticatorData<?> authenticator = data.getAttestationObject().getAuthenticatorData();
      AttestedCredentialData attested = authenticator.getAttestedCredentialData();
      return Optional.of(new Verified(new Key(attested.getCredentialId(), Library.CREDENTIALS.convert(attested),
          authenticator.getSignCount(), authenticator.isFlagBE(), authenticator.isFlagBS()), challenge));
    });
  }

  /**
   * Verifies a login.
   *
   * @param key before this use
   * @param issued whether the challenge is one of ours
   * @return empty: it is refused
   * @throws io.keyhook.bus.FailureException the request is malformed
   */
  static Optional<Verified> open(PasskeySite site, Passkeys.Open request, Key key, Predicate<byte[]> issued) {
    AuthenticationData data = read("authenticatorData", () -> Library.MANAGER.parse(new AuthenticationRequest(
        key.credentialId, Passkeys.bytes(request.userHandle()), Passkeys.bytes(request.authenticatorData()),
        Passkeys.bytes(request.clientData()), Passkeys.bytes(request.signature()))));
    return verified(() -> {
      byte[] challenge = challenge(data.getCollectedClientData());
      if (!issued.test(challenge)) {
        return Optional.empty();
      }
      CredentialRecordImpl stored = new CredentialRecordImpl(null, true, key.backupEligible, key.backedUp, key.signCount,
          Library.CREDENTIALS.convert(key.credential), null, null, null, null);
      Library.MANAGER.verify(data, new AuthenticationParameters(property(site, data.getCollectedClientData()), stored, null, true));
      AuthenticatorData<?> authenticator = data.getAuthenticatorData();
      return Optional.of(new Verified(new Key(key.credentialId, key.credential, authenticator.getSignCount(),
          key.backupEligible, authenticator.isFlagBS()), challenge));
    });
  }

  private static byte[] challenge(CollectedClientData clientData) {
    return clientData.getChallenge().getValue();
  }

  /** With the challenge of the response, which has been checked. */
  private static ServerProperty property(PasskeySite site, CollectedClientData clientData) {
    return ServerProperty.builder().origin(new Origin(site.origin())).rpId(site.rpId()).challenge(clientData.getChallenge()).build();
  }

  /** The library has an exception for most that a stranger can send, and Java's own for the rest. */
  private static <T> T read(String field, Supplier<T> parse) {
    try {
      return parse.get();
    } catch (RuntimeException e) {
      log.debug("Malformed response of an authenticator", e);
      throw Check.invalid(field, "or clientData is not what a browser returns");
    }
  }

  private static Optional<Verified> verified(Supplier<Optional<Verified>> verification) {
    try {
      return verification.get();
    } catch (RuntimeException e) { // as above
      log.debug("A passkey is refused", e);
      return Optional.empty();
    }
  }
}
