package io.keyhook.bus;

/**
 * A certificate that is shown to an endpoint in the TLS handshake. In an update, what is null keeps its value if the type of the
 * authentication stays the same.
 *
 * @param certificate PEM: the client's certificate, followed by those that lead to its authority
 * @param privateKey PEM: PKCS#8, not encrypted; RSA or EC
 */
public record ClientCertificate(String certificate, String privateKey) {
  /** The longest texts, in characters. */
  public static final int CERTIFICATE = 20_000;
  public static final int PRIVATE_KEY = 10_000;

  /** Nothing is given. */
  static final ClientCertificate NONE = new ClientCertificate(null, null);

  boolean isNone() {
    return equals(NONE);
  }

  /** Checks what is given. */
  void check(Check check) {
    check.text("authentication.certificate", certificate, CERTIFICATE).text("authentication.privateKey", privateKey, PRIVATE_KEY);
  }

  /** Reports the fields that are given, for an authentication of another type. */
  void refuse(Check check) {
    check.is("authentication.certificate", certificate == null, Webhooks.Authentication.only("mtls"))
        .is("authentication.privateKey", privateKey == null, Webhooks.Authentication.only("mtls"));
  }

  /** Without the private key. */
  @Override
  public String toString() {
    return "ClientCertificate[]";
  }
}
