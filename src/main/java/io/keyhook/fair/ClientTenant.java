package io.keyhook.fair;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;

/** The tenant that a client without an account is: its address, or for IPv6 the /64 that a customer has to itself. */
public final class ClientTenant {
  private static final int IPV6_CUSTOMER_BITS = 64;

  private ClientTenant() {}

  /**
   * @param address null: not known, which is a tenant too
   */
  public static String of(String address) {
    if (address == null || address.indexOf(':') < 0) {
      return String.valueOf(address);
    }
    IPAddress parsed = new IPAddressString(address).getAddress();
    return parsed == null ? address : parsed.toPrefixBlock(IPV6_CUSTOMER_BITS).toCanonicalString();
  }
}
