package io.keyhook.target;

import java.net.InetAddress;
import java.util.Optional;

/**
 * Where a webhook goes, as {@link TargetPolicy#check} read it from a URL. Send from these values and never parse the
 * URL a second time: two parsers that disagree are how a check is passed by one host and a connection made to another.
 *
 * @param ssl whether the scheme is https
 * @param host a lower-case ASCII name without a trailing dot, for DNS, SNI and the certificate, or an address in its
 *     canonical form (RFC 5952 and without brackets for IPv6)
 * @param port 1 to 65535
 * @param requestUri path and query exactly as they were given, for the request line; starts with a slash
 * @param literal the address, where the host is one, and nothing is to be resolved
 */
public record Target(boolean ssl, String host, int port, String requestUri, Optional<InetAddress> literal) {
  /** Under a domain that never exists (RFC 6761, 6.4): a server that does not know the test endpoint resolves it to nothing. */
  private static final String TEST_ENDPOINT = "test-endpoint.keyhook.invalid";

  /** Likewise. */
  private static final String LISTENER_HOST = "listen.keyhook.invalid";
  /** The URL of webhooks whose attempts are forwarded to whoever listens to them. */
  public static final String LISTENER = "https://" + LISTENER_HOST + "/";

  /**
   * The URL of a test endpoint.
   *
   * @param token its path: letters, digits, hyphens and underscores
   */
  public static String testEndpoint(String token) {
    return "https://" + TEST_ENDPOINT + "/" + token;
  }

  /** Whether this is the built-in test endpoint, which is in this process: no connection is ever made to it. */
  public boolean isTestEndpoint() {
    return ssl && port == defaultPort(true) && host.equals(TEST_ENDPOINT);
  }

  /** Whether attempts are forwarded to a developer's machine: no connection is ever made to this host. */
  public boolean isListener() {
    return ssl && port == defaultPort(true) && host.equals(LISTENER_HOST);
  }

  /** Whether attempts are made without a connection. */
  public boolean isBuiltIn() {
    return isTestEndpoint() || isListener();
  }

  /** The {@code Host} header: the port stands in it only where it is not the scheme's own. */
  public String hostHeader() {
    String name = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return port == defaultPort(ssl) ? name : name + ":" + port;
  }

  static int defaultPort(boolean ssl) {
    return ssl ? 443 : 80;
  }

  /** Without path and query, which may hold a token of the receiver's. */
  @Override
  public String toString() {
    return (ssl ? "https://" : "http://") + hostHeader();
  }
}
