package io.keyhook.config;

import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import io.keyhook.bus.PemCertificates;
import io.keyhook.bus.PemKeyPair;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What strings must look like. Each gives empty for what does not. */
final class Formats {
  private static final int EMAIL_CHARACTERS = 320;
  private static final Pattern EMAIL = Pattern.compile("[^\\s@\\p{Cntrl}]+@[^\\s@\\p{Cntrl}]+");
  private static final Pattern API_KEY = Pattern.compile("kh_[A-Za-z0-9_]{20,197}");
  private static final int MASTER_KEY_BYTES = 32;
  private static final int HOST_NAME_CHARACTERS = 253;
  /** Labels as RFC 1123, 2.1, has them; a last one that is a number would make it an address to some. */
  private static final Pattern HOST_NAME = Pattern.compile(
      "(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)*(?![0-9]+$|0x[0-9a-f]*$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");
  private static final IPAddressStringParameters ADDRESS_OR_CIDR = new IPAddressStringParameters.Builder()
      .allowEmpty(false)
      .allowAll(false)
      .allowSingleSegment(false)
      .allowMask(false)
      .allowWildcardedSeparator(false)
      .setRangeOptions(RangeParameters.NO_RANGE)
      .getIPv4AddressParametersBuilder()
      .allow_inet_aton(false)
      .allowLeadingZeros(false)
      .allowBinary(false)
      .getParentBuilder()
      .getIPv6AddressParametersBuilder()
      .allowZone(false)
      .allowBase85(false)
      .allowBinary(false)
      .getParentBuilder()
      .toParams();

  private Formats() {}

  static boolean isEmail(String text) {
    return text.length() <= EMAIL_CHARACTERS && EMAIL.matcher(text).matches();
  }

  static boolean isApiKey(String text) {
    return API_KEY.matcher(text).matches();
  }

  static boolean isMasterKey(String text) {
    try {
      return Base64.getDecoder().decode(text).length == MASTER_KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  static Optional<Duration> duration(String text, Duration min, Duration max) {
    try {
      return Optional.of(Duration.parse(text)).filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  static Optional<Path> path(String text, Path workingDirectory) {
    try {
      return Optional.of(text).filter(t -> !t.isBlank()).map(t -> workingDirectory.resolve(t).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** The certificates of a PEM file; empty: it cannot be read, or has none. */
  static Optional<List<X509Certificate>> certificates(Path file) {
    try {
      return Optional.of(PemCertificates.read(file));
    } catch (IOException | GeneralSecurityException e) {
      return Optional.empty();
    }
  }

  /** Whether a file is the private key of a certificate. */
  static boolean isKeyPair(Path certificate, Path key) {
    try {
      return PemKeyPair.read(certificate, key).key() != null;
    } catch (IOException | GeneralSecurityException e) {
      return false;
    }
  }

  /** An address or a CIDR, in its canonical form. One with bits beyond its prefix is none: which was meant is unknown. */
  static Optional<String> network(String text) {
    IPAddress address = new IPAddressString(text, ADDRESS_OR_CIDR).getAddress();
    return Optional.ofNullable(address)
        .filter(a -> !a.isPrefixed() || a.isSinglePrefixBlock() || a.getPrefixLength() == a.getBitCount())
        .map(IPAddress::toCanonicalString);
  }

  /** A host name in lower case, perhaps with {@code *.} before it, or a {@link #network}. */
  static Optional<String> target(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    String plain = name.startsWith("*.") ? name.substring(2) : name;
    return HOST_NAME.matcher(plain).matches() && plain.length() <= HOST_NAME_CHARACTERS ? Optional.of(name)
        : network(text);
  }

  /** A base URL, to which paths are appended: http or https, without user, query and fragment. */
  static Optional<URI> baseUrl(String text) {
    try {
      URI uri = new URI(text);
      boolean usable = ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null
          && uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
      return Optional.of(uri).filter(any -> usable);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** The proxy of a URL. Its user and password are given together, or not at all. */
  static Optional<KeyhookOptions.Proxy> proxy(String text) {
    try {
      URI uri = new URI(text);
      String[] user = uri.getUserInfo() == null ? new String[0] : uri.getRawUserInfo().split(":", -1);
      boolean plain = "http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0 && uri.getPort() <= 65535
          && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/")) && uri.getRawQuery() == null && uri.getRawFragment() == null;
      return !plain || user.length != 0 && user.length != 2 ? Optional.empty()
          : Optional.of(new KeyhookOptions.Proxy(uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort(),
              part(user, 0), part(user, 1)));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> part(String[] user, int index) {
    // a plus is a plus in userinfo (RFC 3986, 3.2.1), and a space to the decoder of forms
    return user.length == 0 ? Optional.empty()
        : Optional.of(URLDecoder.decode(user[index].replace("+", "%2B"), StandardCharsets.UTF_8));
  }
}
