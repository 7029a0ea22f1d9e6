package io.keyhook.bus;

import java.time.Instant;
import java.util.Base64;
import java.util.List;

/**
 * Requests about passkeys (WebAuthn), and their responses. Bytes are text in base64url. A passkey proves that the user holds a
 * device and has unlocked it, so a login with one needs neither password nor code.
 */
public interface Passkeys {
  /** Of a user. */
  int MAX_PASSKEYS = 20;
  /** Maximum lengths of base64url, each a multiple of 4. */
  int CREDENTIAL_ID = 1364;
  int USER_HANDLE = 88;
  int CLIENT_DATA = 4096;
  int AUTHENTICATOR_DATA = 4096;
  int ATTESTATION_OBJECT = 16_384;
  int SIGNATURE = 1024;

  /**
   * Begins to create a passkey, which {@link Create} completes within 5 minutes.
   *
   * @param code of the user's authenticator app, or a recovery code; null: none
   * @param origin of the page, such as {@code https://keyhook.example.com}; null: the configured one
   */
  record Begin(Caller caller, String currentPassword, String code, String origin) {
    public Begin {
      Check.that().knownPassword("currentPassword", currentPassword).text("code", code, TwoFactor.CODE).done();
    }

    @Override
    public String toString() {
      return "Begin[]";
    }
  }

  /**
   * What a page passes to {@code navigator.credentials.create}.
   *
   * @param challenge for one use
   * @param rpId the host that the passkey is for
   * @param userHandle by which a login finds the user
   * @param excludeCredentials that the user has already
   */
  record Creation(String challenge, String rpId, String userHandle, String userName, List<String> excludeCredentials) {
    @Override
    public String toString() {
      return "Creation[rpId=" + rpId + "]";
    }
  }

  /**
   * Creates the passkey that a browser has made for a {@link Creation}.
   *
   * @param clientData the {@code clientDataJSON} of the browser's response
   * @param origin of the page; null: the configured one
   */
  record Create(Caller caller, String name, String attestationObject, String clientData, String origin) {
    public Create {
      Check check = Check.that().name("name", name);
      bytes(check, "attestationObject", attestationObject, ATTESTATION_OBJECT);
      bytes(check, "clientData", clientData, CLIENT_DATA);
      check.done();
    }

    @Override
    public String toString() {
      return "Create[name=" + name + "]";
    }
  }

  /**
   * @param lastUsedAt for a login; null: never
   */
  record Passkey(String id, String name, Instant createdAt, Instant lastUsedAt) {}

  /** Gives a passkey of the caller another name. */
  record Rename(Caller caller, String id, String name) {
    public Rename {
      Check.that().name("name", name).done();
    }
  }

  /** Lists the passkeys of the caller, newest first. Callers who are not users have none. */
  record ListAll(Caller caller) {}

  /**
   * Deletes a passkey of the caller. Sessions that it began continue.
   *
   * @param code of the caller's authenticator app, or a recovery code; null: none
   */
  record Delete(Caller caller, String id, String currentPassword, String code) {
    public Delete {
      Check.that().knownPassword("currentPassword", currentPassword).text("code", code, TwoFactor.CODE).done();
    }

    @Override
    public String toString() {
      return "Delete[id=" + id + "]";
    }
  }

  /**
   * Begins a login with any passkey of the browser, which {@link Open} completes within 5 minutes.
   *
   * @param origin of the page; null: the configured one
   * @param address of the client; null: unknown
   */
  record BeginLogin(String origin, String address) {}

  /** What a page passes to {@code navigator.credentials.get}. */
  record Login(String challenge, String rpId) {
    @Override
    public String toString() {
      return "Login[rpId=" + rpId + "]";
    }
  }

  /**
   * Logs in with a passkey. Fails with {@link Failure.Unauthorized}.
   *
   * @param clientData the {@code clientDataJSON} of the browser's response
   * @param origin of the page; null: the configured one
   * @param address of the client; null: unknown
   * @param userAgent as the browser names itself; only its beginning is kept; null: unknown
   */
  record Open(String credentialId, String userHandle, String authenticatorData, String clientData, String signature,
      String origin, String address, String userAgent) {
    public Open {
      userAgent = Sessions.shortened(userAgent);
      Check check = Check.that();
      bytes(check, "credentialId", credentialId, CREDENTIAL_ID);
      bytes(check, "userHandle", userHandle, USER_HANDLE);
      bytes(check, "authenticatorData", authenticatorData, AUTHENTICATOR_DATA);
      bytes(check, "clientData", clientData, CLIENT_DATA);
      bytes(check, "signature", signature, SIGNATURE);
      check.text("userAgent", userAgent, Sessions.USER_AGENT).done();
    }

    @Override
    public String toString() {
      return "Open[]";
    }
  }

  /** Returns the bytes of a checked text. */
  static byte[] bytes(String base64url) {
    return Base64.getUrlDecoder().decode(base64url);
  }

  /** Returns bytes as text, without padding. */
  static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static void bytes(Check check, String field, String value, int max) {
    check.required(field, value).text(field, value, max);
    if (value != null && value.length() <= max) {
      check.is(field, isBase64url(value), "is not base64url");
    }
  }

  private static boolean isBase64url(String value) {
    try {
      bytes(value);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
