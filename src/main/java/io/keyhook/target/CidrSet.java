package io.keyhook.target;

import inet.ipaddr.IPAddress;
import inet.ipaddr.ipv4.IPv4AddressTrie;
import inet.ipaddr.ipv6.IPv6AddressTrie;
import java.util.Collection;

/** Blocks of addresses, of both families. Never changed once made, and so for all threads. */
final class CidrSet {

  private final IPv4AddressTrie v4 = new IPv4AddressTrie();
  private final IPv6AddressTrie v6 = new IPv6AddressTrie();

  /**
   * @throws IllegalArgumentException one of them is not an address or a block
   */
  CidrSet(Collection<String> cidrs) {
    for (String cidr : cidrs) {
      IPAddress block = IpLiteral.cidr(cidr);
      if (block.isIPv4()) {
        v4.add(block.toIPv4());
      } else {
        v6.add(block.toIPv6());
      }
    }
  }

  boolean contains(IPAddress address) {
    return address.isIPv4() ? v4.elementContains(address.toIPv4()) : v6.elementContains(address.toIPv6());
  }
}
