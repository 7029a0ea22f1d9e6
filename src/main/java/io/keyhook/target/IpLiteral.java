package io.keyhook.target;

import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads addresses that are written plainly, and nothing else that the library or a C library takes for one. */
final class IpLiteral {

  /** inet_aton and the WHATWG URL standard (5.1, "ends in a number") take a host with such a last label for IPv4. */
  private static final Pattern NUMBER = Pattern.compile("[0-9]++|0x[0-9a-f]*+");

  private static final IPAddressStringParameters PLAIN_ADDRESS = plain().allowPrefix(false).toParams();
  private static final IPAddressStringParameters PLAIN_CIDR = plain().allowPrefix(true).toParams();

  private IpLiteral() {}

  /**
   * @param host in lower case, not empty
   * @return empty: the host is a name
   * @throws RefusedTargetException the host is an IPv4 address to some parser, but not in the dotted form that is the
   *     same to all
   */
  static Optional<IPAddress> v4(String host) {
    if (!isNumeric(host.endsWith(".") ? host.substring(0, host.length() - 1) : host)) {
      return Optional.empty();
    }
    IPAddress address = new IPAddressString(host, PLAIN_ADDRESS).getAddress();
    RefusedTargetException.require(address != null && address.isIPv4() && address.toCanonicalString().equals(host),
        RefusedTargetException.Stage.LITERAL, "host must be a name or an IPv4 address in its usual form, a.b.c.d");
    return Optional.of(address);
  }

  /** Whether the last label is a number, and so the host an address to some parser. */
  static boolean isNumeric(String host) {
    return NUMBER.matcher(host.substring(host.lastIndexOf('.') + 1)).matches();
  }

  /**
   * @param host what stood in brackets
   * @throws RefusedTargetException it is not an IPv6 address (RFC 4291, 2.2)
   */
  static IPAddress v6(String host) {
    IPAddress address = new IPAddressString(host, PLAIN_ADDRESS).getAddress();
    RefusedTargetException.require(address != null && address.isIPv6(),
        RefusedTargetException.Stage.PARSE, "host in brackets is not an IPv6 address");
    return address;
  }

  /**
   * @param text an address, or a block such as {@code 10.0.0.0/8}
   * @throws IllegalArgumentException it is neither, or there are bits set beyond the block's prefix
   */
  static IPAddress cidr(String text) {
    IPAddress block = new IPAddressString(text, PLAIN_CIDR).getAddress();
    if (block == null || block.isPrefixed() && !block.isPrefixBlock()) {
      throw new IllegalArgumentException("not an IP address or a CIDR block: " + text);
    }
    return block;
  }

  /** The library's defaults also take ranges, wildcards, masks, numbers to base 85, zones and parts left out. */
  private static IPAddressStringParameters.Builder plain() {
    IPAddressStringParameters.Builder plain = new IPAddressStringParameters.Builder();
    plain.allowEmpty(false).allowAll(false).allowSingleSegment(false).allowMask(false).allowPrefixOnly(false)
        .allowWildcardedSeparator(false).allow_inet_aton(false).setRangeOptions(RangeParameters.NO_RANGE);
    plain.getIPv4AddressParametersBuilder().allowLeadingZeros(false).allowBinary(false);
    plain.getIPv6AddressParametersBuilder()
        .allowZone(false).allowBase85(false).allowBinary(false).allowUnlimitedLeadingZeros(false)
        .getEmbeddedIPv4AddressParametersBuilder().allow_inet_aton(false).allowLeadingZeros(false).allowBinary(false);
    return plain;
  }
}
