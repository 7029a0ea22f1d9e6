package io.keyhook.target;

import inet.ipaddr.IPAddress;
import inet.ipaddr.ipv4.IPv4Address;
import inet.ipaddr.ipv6.IPv6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The addresses that a webhook may be sent to: what the IANA special-purpose registries (RFC 6890) leave as globally
 * reachable, less what carries an IPv4 address inside, and less this machine's own. A check takes well under a microsecond
 * and is for any thread.
 */
final class PublicAddresses {

  private static final CidrSet SPECIAL_V4 = new CidrSet(Set.of(
      "0.0.0.0/8", // this network, RFC 791
      "10.0.0.0/8", // private, RFC 1918
      "100.64.0.0/10", // carrier-grade NAT, RFC 6598
      "127.0.0.0/8", // loopback, RFC 1122
      "168.63.129.16/32", // the host agent of an Azure machine: in no registry, and answers only inside
      "169.254.0.0/16", // link-local, RFC 3927, and the metadata service of most clouds
      "172.16.0.0/12", // private, RFC 1918
      "192.0.0.0/24", // protocol assignments, RFC 6890
      "192.0.2.0/24", // documentation, RFC 5737
      "192.88.99.0/24", // 6to4 relays, RFC 7526
      "192.168.0.0/16", // private, RFC 1918
      "198.18.0.0/15", // benchmarks, RFC 2544
      "198.51.100.0/24", // documentation, RFC 5737
      "203.0.113.0/24", // documentation, RFC 5737
      "224.0.0.0/4", // multicast, RFC 5771
      "240.0.0.0/4")); // reserved and broadcast, RFC 1112

  /** All that is assigned as global unicast, RFC 4291: loopback, ULA, link-local, multicast and NAT64 are outside. */
  private static final CidrSet GLOBAL_V6 = new CidrSet(Set.of("2000::/3"));

  private static final CidrSet SPECIAL_V6 = new CidrSet(Set.of(
      "2001::/23", // protocol assignments, RFC 2928, Teredo and ORCHID among them
      "2001:db8::/32", // documentation, RFC 3849
      "2002::/16", // 6to4, RFC 3056: leads to the IPv4 address inside
      "3fff::/20")); // documentation, RFC 9637

  private final Set<IPAddress> own;

  /**
   * @param own addresses of this machine, which never are
   */
  PublicAddresses(List<InetAddress> own) {
    this.own = own.stream().map(PublicAddresses::of).collect(Collectors.toUnmodifiableSet());
  }

  /** The same address, whatever its scope. */
  static IPAddress of(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == IPv4Address.BYTE_COUNT ? new IPv4Address(bytes) : new IPv6Address(bytes);
  }

  boolean contains(IPAddress address) {
    return !own.contains(address)
        && (address.isIPv4() ? !SPECIAL_V4.contains(address) : isPublicV6(address.toIPv6()));
  }

  private static boolean isPublicV6(IPv6Address address) {
    return GLOBAL_V6.contains(address) && !SPECIAL_V6.contains(address) && !isIsatap(address);
  }

  /**
   * RFC 5214, 6.1: the interface identifier is 0000:5efe or 0200:5efe and an IPv4 address, under any prefix. The
   * library's own isIsatap() knows the link-local prefix only.
   */
  private static boolean isIsatap(IPv6Address address) {
    int universalBit = 0x0200;
    return (address.getSegment(4).getSegmentValue() & ~universalBit) == 0
        && address.getSegment(5).getSegmentValue() == 0x5efe;
  }
}
