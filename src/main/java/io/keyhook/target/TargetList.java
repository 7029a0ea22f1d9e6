package io.keyhook.target;

import inet.ipaddr.IPAddress;
import inet.ipaddr.ipv6.IPv6Address;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Hosts that an operator lists. Never changed once made, and so for all threads. */
final class TargetList {
  private static final String BELOW = "*.";
  private static final Pattern NAME = Pattern.compile("(?:\\*\\.)?[a-z0-9-]++(?:\\.[a-z0-9-]++)*+");

  /** As they were given: a name, or {@code *.} and a name. */
  private final Set<String> names;
  private final CidrSet addresses;

  /**
   * @param entries names in lower case, {@code *.} and a name for every name below it, addresses, and CIDR blocks
   * @throws IllegalArgumentException one of them is neither
   */
  TargetList(Collection<String> entries) {
    this.names = entries.stream().filter(TargetList::isName).collect(Collectors.toUnmodifiableSet());
    this.addresses = new CidrSet(entries.stream().filter(entry -> !isName(entry)).toList());
  }

  private static boolean isName(String entry) {
    return NAME.matcher(entry).matches() && !IpLiteral.isNumeric(entry);
  }

  /**
   * @param name in lower case, without the dot of the root
   */
  boolean contains(String name) {
    if (names.isEmpty()) {
      return false;
    }
    boolean found = names.contains(name);
    for (int dot = name.indexOf('.'); dot >= 0 && !found; dot = name.indexOf('.', dot + 1)) {
      found = names.contains(BELOW + name.substring(dot + 1));
    }
    return found;
  }

  boolean contains(IPAddress address) {
    return addresses.contains(address);
  }

  /** Whether it contains the address, or the one at which a connection to it may end. */
  boolean isReachedBy(IPAddress address) {
    return contains(address) || address.isIPv6() && inside(address.toIPv6()).filter(this::contains).isPresent();
  }

  /**
   * The address in the address: mapped (RFC 4291, 2.5.5.2), translated by the well-known prefix
   * of NAT64 (RFC 6052, 2.1), or through a tunnel of 6to4 (RFC 3056, 2).
   */
  private static Optional<IPAddress> inside(IPv6Address address) {
    return address.isIPv4Mapped() || address.isWellKnownIPv4Translatable()
        ? Optional.of(address.getEmbeddedIPv4Address())
        : address.is6To4() ? Optional.of(address.get6To4IPv4Address()) : Optional.empty();
  }
}
