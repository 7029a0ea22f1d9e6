package io.keyhook.target;

import static io.keyhook.target.RefusedTargetException.Stage.IDN;
import static io.keyhook.target.RefusedTargetException.Stage.NAME;
import static io.keyhook.target.RefusedTargetException.Stage.PARSE;
import static io.keyhook.target.RefusedTargetException.require;

import java.util.Set;

/** The rules for a host that is a name and not an address. Names are lower-case ASCII. */
final class HostName {

  /** RFC 1035, 2.3.4: octets of a label, and of a name in text without the dot of the root. */
  private static final int MAX_LABEL = 63;
  private static final int MAX_NAME = 253;

  /** Refused themselves, and with every name below them. */
  private static final Set<String> NOT_PUBLIC = Set.of(
      // RFC 6761 (but not "example", which documentation uses and no resolver knows), RFC 7686, RFC 9476
      "localhost", "invalid", "test", "onion", "alt",
      // infrastructure and home networks: RFC 3172, RFC 8375
      "arpa",
      // private networks: RFC 6762 appendix G, and what ICANN keeps from delegation for that reason
      "local", "internal", "intranet", "private", "corp", "home", "lan",
      // aliases of loopback in the hosts files of Linux distributions
      "localdomain", "localdomain4", "localdomain6",
      // service.namespace and service.namespace.svc, which the search domains of a Kubernetes pod complete
      "svc", "default", "kube-system",
      // metadata services under public names: Google, Tencent, Equinix Metal, IBM
      "metadata.goog", "metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com",
      "api.metadata.cloud.ibm.com");

  private HostName() {}

  /**
   * Reads a name by the rules of RFC 1123, 2.1, and RFC 5891 for its A-labels.
   *
   * @param host one or more of {@code [a-z0-9.-]}
   * @return the name without the dot of the root
   */
  static String parse(String host) {
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    require(name.length() <= MAX_NAME, PARSE, "host must not be longer than " + MAX_NAME + " characters");
    for (String label : name.split("\\.", -1)) {
      require(!label.isEmpty(), PARSE, "host has an empty label between its dots");
      require(label.length() <= MAX_LABEL, PARSE, "host has a label of more than " + MAX_LABEL + " characters");
      if (label.startsWith(ALabel.PREFIX)) {
        require(ALabel.isValid(label), IDN, "host has a label that is not a valid xn-- form");
      }
      require(!label.startsWith("-") && !label.endsWith("-"), PARSE, "host has a label with a hyphen at its edge");
    }
    return name;
  }

  /** Refuses what can only mean something inside a network, whatever it resolves to. */
  static void requirePublic(String name) {
    // every top-level domain starts with a letter (RFC 1123, 2.1), and java.net.URI sees no host where it does not
    require(Character.isLetter(name.charAt(name.lastIndexOf('.') + 1)), NAME, "host is not a public name");
    require(name.indexOf('.') > 0, NAME, "host is not a public name: it has no domain");
    for (String domain = name; !domain.isEmpty(); domain = parent(domain)) {
      if (NOT_PUBLIC.contains(domain)) {
        throw new RefusedTargetException(NAME, "host is not a public name: " + domain + " is reserved");
      }
    }
  }

  private static String parent(String domain) {
    int dot = domain.indexOf('.');
    return dot < 0 ? "" : domain.substring(dot + 1);
  }
}
