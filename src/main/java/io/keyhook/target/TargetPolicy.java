package io.keyhook.target;

import static io.keyhook.target.RefusedTargetException.Stage.DNS;
import static io.keyhook.target.RefusedTargetException.Stage.LITERAL;
import static io.keyhook.target.RefusedTargetException.Stage.NAME;
import static io.keyhook.target.RefusedTargetException.Stage.PORT;
import static io.keyhook.target.RefusedTargetException.require;

import inet.ipaddr.IPAddress;
import io.keyhook.config.KeyhookOptions;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides which URL and which address a webhook may reach, so that a tenant's URL cannot make Keyhook talk to what only
 * Keyhook's own network can reach (server-side request forgery). Registration calls {@link #check}; every attempt calls
 * it again and then {@link #pick}, for a rule may have changed since, and what a name resolves to is the tenant's to
 * change. The rules hold for one request, so the caller follows no redirect. Resolving is the caller's too. For any
 * thread.
 *
 * <p>What is built in ({@link Target#isBuiltIn}) passes {@link #check} unless it is denied, and never {@link #pick}: whatever its
 * name resolves to, no connection is made to it.
 */
public final class TargetPolicy {

  private final boolean allowInsecureTargets;
  private final Set<String> schemes;
  private final List<InetAddress> own;
  private volatile PublicAddresses addresses;
  private volatile Rules rules;

  /** What an administrator may change while Keyhook runs. */
  private record Rules(Set<Integer> ports, TargetList allowed, TargetList denied) {
    static Rules of(Set<Integer> ports, List<String> allowed, List<String> denied) {
      if (ports.isEmpty() || ports.stream().anyMatch(port -> port < 1 || port > 65535)) {
        throw new IllegalArgumentException("ports of targets must be 1 to 65535, and at least one: " + ports);
      }
      return new Rules(Set.copyOf(ports), new TargetList(allowed), new TargetList(denied));
    }

    String portList() {
      return new TreeSet<>(ports).stream().map(String::valueOf).collect(Collectors.joining(" or "));
    }
  }

  /**
   * @param allowInsecureTargets for development: http too, and any port, name and address. URLs that parsers read in
   *     different ways are refused all the same, and so is what the operator denies
   * @param http whether http is one of them: not through a proxy, which would resolve the name of a plain URL itself
   * @param ports the allowed ones, 1 to 65535, one or more; all are where insecure targets are allowed
   * @param allowed addresses and blocks such as {@code 10.1.0.0/16} that count as public; names that do, wherever they
   *     lead; and {@code *.} and a name, for every name below it
   * @param denied likewise, and refused also where they are allowed: the operator's own public addresses, and NAT64
   *     prefixes of the network
   * @param own addresses of this machine: not public, whatever they look like
   * @throws IllegalArgumentException a port, a block or a name is impossible
   */
  TargetPolicy(boolean allowInsecureTargets, boolean http, Set<Integer> ports, List<String> allowed, List<String> denied,
      List<InetAddress> own) {
    this.allowInsecureTargets = allowInsecureTargets;
    this.schemes = allowInsecureTargets && http ? Set.of("http", "https") : Set.of("https");
    this.rules = Rules.of(ports, allowed, denied);
    this.own = List.copyOf(own);
    this.addresses = new PublicAddresses(own);
  }

  /** What the operator has set, on this machine. */
  public static TargetPolicy of(KeyhookOptions.Delivery options) {
    try {
      List<InetAddress> own = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).toList();
      return new TargetPolicy(options.allowInsecureTargets(), options.proxy().isEmpty(), options.allowedPorts(),
          options.allowedTargets(), options.deniedTargets(), own);
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From now on, these are as little public as this machine's own: those of the proxy, which would connect to itself. */
  public void exclude(List<InetAddress> others) {
    addresses = new PublicAddresses(Stream.concat(own.stream(), others.stream()).toList());
  }

  /** From now on, judges by these allowed ports, allowed targets and denied targets. What was judged before is judged again. */
  public void change(KeyhookOptions.Delivery options) {
    rules = Rules.of(options.allowedPorts(), options.allowedTargets(), options.deniedTargets());
  }

  /**
   * All that can be decided without DNS.
   *
   * @param url as the tenant gave it, not null
   * @throws RefusedTargetException it may not be used; never with the stage {@code DNS}
   */
  public Target check(String url) {
    TargetUrl parts = TargetUrl.parse(url, schemes);
    Optional<IPAddress> literal =
        parts.inBrackets() ? Optional.of(IpLiteral.v6(parts.host())) : IpLiteral.v4(parts.host());
    String host = literal.map(IPAddress::toCanonicalString).orElseGet(() -> HostName.parse(parts.host()));
    boolean ssl = parts.scheme().equals("https");
    int port = parts.port().orElse(Target.defaultPort(ssl));
    Target target = new Target(ssl, host, port, parts.requestUri(), literal.map(IPAddress::toInetAddress));
    judge(target, rules);
    return target;
  }

  private void judge(Target target, Rules rules) {
    Optional<IPAddress> literal = target.literal().map(PublicAddresses::of);
    if (literal.isPresent()) {
      require(!rules.denied.isReachedBy(literal.get()), LITERAL, "host is an address that the server's administrator denies");
      require(mayReach(literal.get(), rules), LITERAL, "host is not a public address");
    } else {
      require(!rules.denied.contains(target.host()), NAME, "host is a name that the server's administrator denies");
    }
    if (target.isBuiltIn()) {
      return;
    } else if (literal.isEmpty() && !isTrusted(target.host(), rules)) {
      HostName.requirePublic(target.host());
    }
    require(allowInsecureTargets || rules.ports.contains(target.port()), PORT,
        () -> "port " + target.port() + " is not allowed; use " + rules.portList());
  }

  /**
   * Chooses the addresses of one attempt. Connect to one of them, and not to the name: a second lookup may answer
   * otherwise.
   *
   * @param resolved all that the target's host resolves to just now, A and AAAA; not looked at where it is an address
   * @return all of them, one or more, in the order in which to try them: the first one, and then the two families in
   *     turn, as long as there are both (RFC 8305, 4)
   * @throws RefusedTargetException any of them is not public, with the stage {@code DNS}: a name that points inside as
   *     well is not one to pick the harmless half of. Or {@link #check} would refuse the target by now
   * @throws UnresolvedTargetException there are none
   */
  public List<InetAddress> pick(Target target, List<InetAddress> resolved) {
    require(!target.isBuiltIn(), DNS, () -> target.host() + " is not reached over the network");
    Rules now = rules;
    judge(target, now); // the rules may have changed since check
    List<InetAddress> candidates = target.literal().map(List::of).orElse(resolved);
    if (candidates.isEmpty()) {
      throw new UnresolvedTargetException(target.host());
    }
    boolean trusted = target.literal().isEmpty() && isTrusted(target.host(), now);
    require(candidates.stream().map(PublicAddresses::of).allMatch(address ->
            !now.denied.isReachedBy(address) && (trusted || mayReach(address, now))),
        DNS, () -> target.host() + " resolves to an address that is not public");
    return candidates.size() == 1 ? candidates : interleaved(candidates);
  }

  private static List<InetAddress> interleaved(List<InetAddress> addresses) {
    Class<?> family = addresses.get(0).getClass();
    Queue<InetAddress> first = new ArrayDeque<>();
    Queue<InetAddress> second = new ArrayDeque<>();
    for (InetAddress address : new LinkedHashSet<>(addresses)) {
      (address.getClass() == family ? first : second).add(address);
    }
    List<InetAddress> ordered = new ArrayList<>(addresses.size());
    while (!first.isEmpty() || !second.isEmpty()) {
      Stream.of(first, second).map(Queue::poll).filter(Objects::nonNull).forEach(ordered::add);
    }
    return ordered;
  }

  private boolean isTrusted(String name, Rules rules) {
    return allowInsecureTargets || rules.allowed.contains(name);
  }

  private boolean mayReach(IPAddress address, Rules rules) {
    return allowInsecureTargets || rules.allowed.contains(address) || addresses.contains(address);
  }
}
