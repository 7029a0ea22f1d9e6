package io.keyhook.bus;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A client of an authorization server, which issues it access tokens (RFC 6749, 4.4). In an update, what is null keeps its value if the
 * type of the authentication stays the same.
 *
 * @param tokenUrl the authorization server's token endpoint
 * @param method null: {@link Method#CLIENT_SECRET_BASIC}
 * @param scope the scopes of a token, separated by spaces; null or empty: the server's own choice
 * @param audience whom a token is for, as many servers want it named; null or empty: it is not named
 * @param resource the URI that a token is for (RFC 8707); null or empty: it is not named
 */
public record ClientCredentials(
    String tokenUrl, String clientId, String clientSecret, Method method, String scope, String audience, String resource) {
  /** Nothing is given. */
  static final ClientCredentials NONE = new ClientCredentials(null, null, null, null, null, null, null);

  private static final int ID = 512;
  private static final int TEXT = 2048;
  /** RFC 6749, appendix A.1 and A.2. */
  private static final Pattern PRINTABLE = Pattern.compile("[\\x20-\\x7e]++");
  /** RFC 6749, appendix A.4. */
  private static final Pattern SCOPE = Pattern.compile("[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*+");
  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]*+");

  /** How the client shows the token endpoint who it is (RFC 6749, 2.3.1). */
  public enum Method {
    /** In the {@code Authorization} header. */
    CLIENT_SECRET_BASIC,
    /** In the body. */
    CLIENT_SECRET_POST;

    /** Returns the name in JSON. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the method of a {@link #wireName}. */
    public static Method named(String wireName) {
      return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
  }

  /** Returns a client without scope, audience and resource, which shows its secret in a header. */
  public static ClientCredentials of(String tokenUrl, String clientId, String clientSecret) {
    return new ClientCredentials(tokenUrl, clientId, clientSecret, null, null, null, null);
  }

  public ClientCredentials withMethod(Method method) {
    return new ClientCredentials(tokenUrl, clientId, clientSecret, method, scope, audience, resource);
  }

  /**
   * @param scope separated by spaces
   */
  public ClientCredentials withScope(String scope) {
    return new ClientCredentials(tokenUrl, clientId, clientSecret, method, scope, audience, resource);
  }

  public ClientCredentials withAudience(String audience) {
    return new ClientCredentials(tokenUrl, clientId, clientSecret, method, scope, audience, resource);
  }

  public ClientCredentials withResource(String resource) {
    return new ClientCredentials(tokenUrl, clientId, clientSecret, method, scope, audience, resource);
  }

  boolean isNone() {
    return equals(NONE);
  }

  /** Checks what is given. */
  void check(Check check) {
    check.text("authentication.tokenUrl", tokenUrl, Webhooks.URL_BYTES)
        .is("authentication.clientId", fits(clientId, ID, PRINTABLE), "must be 1 to " + ID + " printable ASCII characters")
        .is("authentication.clientSecret", fits(clientSecret, TEXT, PRINTABLE), "must be 1 to " + TEXT + " printable ASCII characters")
        .is("authentication.scope", fits(scope, TEXT, SCOPE) && (scope == null || scope.strip().equals(scope)),
            "must be up to " + TEXT + " ASCII characters without quotes and backslashes, with spaces only between scopes")
        .is("authentication.audience", fits(audience, TEXT, VISIBLE), "must be up to " + TEXT + " ASCII characters without spaces")
        .is("authentication.resource", fits(resource, TEXT, VISIBLE), "must be up to " + TEXT + " ASCII characters without spaces");
  }

  /** Reports the fields that are given, for an authentication of another type. */
  void refuse(Check check) {
    check.is("authentication.tokenUrl", tokenUrl == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.clientId", clientId == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.clientSecret", clientSecret == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.clientAuthentication", method == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.scope", scope == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.audience", audience == null, Webhooks.Authentication.only("oauth2"))
        .is("authentication.resource", resource == null, Webhooks.Authentication.only("oauth2"));
  }

  private static boolean fits(String text, int max, Pattern form) {
    return text == null || text.length() <= max && form.matcher(text).matches();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "ClientCredentials[clientId=" + clientId + "]";
  }
}
