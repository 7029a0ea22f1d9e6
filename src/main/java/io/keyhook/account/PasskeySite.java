package io.keyhook.account;

import io.keyhook.bus.Check;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * The site that passkeys are for: that of the configured URL of the dashboard, or else that of the page that makes the request. A
 * browser uses a passkey only on pages of the host that it was created for, so a page of a stranger on another host gains nothing by its own.
 *
 * @param rpId the host
 */
record PasskeySite(String rpId, String origin) {

  /**
   * @param configured empty: none
   * @param page the origin of a page; null: unknown
   * @throws io.keyhook.bus.FailureException neither is there
   */
  static PasskeySite of(Optional<URI> configured, String page) {
    return configured.or(() -> parse(page)).flatMap(PasskeySite::of).orElseThrow(() ->
        Check.invalid("Origin", "is not the origin of a page of this server; browsers send it as a header"));
  }

  private static Optional<URI> parse(String page) {
    try {
      return Optional.ofNullable(page).map(URI::create);
    } catch (IllegalArgumentException e) { // not a URL
      return Optional.empty();
    }
  }

  private static Optional<PasskeySite> of(URI url) {
    if (url.getHost() == null || url.getScheme() == null) {
      return Optional.empty();
    }
    String host = url.getHost().toLowerCase(Locale.ROOT);
    return Optional.of(new PasskeySite(host, url.getScheme().toLowerCase(Locale.ROOT) + "://" + host
        + (url.getPort() == -1 ? "" : ":" + url.getPort())));
  }
}
