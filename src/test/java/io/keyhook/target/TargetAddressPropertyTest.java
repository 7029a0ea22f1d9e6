package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.ipv4.IPv4Address;
import inet.ipaddr.ipv6.IPv6Address;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class TargetAddressPropertyTest {

  private static final TargetPolicy POLICY = Policies.strict();
  private static final Target NAME = POLICY.check("https://hooks.example.com/hook");
  /** What the shared examples' header denies, and not what the code under test does. */
  private static final List<IPAddress> DENIED_V4 = addresses(SsrfExamples.blocks("#deny4"));
  private static final List<IPAddress> DENIED_V6 = addresses(SsrfExamples.blocks("#deny6"));

  @Property(tries = 3000)
  void aDeniedIpv4AddressIsRefusedInEverySpelling(@ForAll("deniedV4") int address) {
    assertThat(refusal("https://" + dotted(address) + "/hook")).isEqualTo(RefusedTargetException.Stage.LITERAL);
    assertThat(refusesAnswer(new IPv4Address(address))).isTrue();
    Stream.concat(oddSpellings(address), embedded(address)).forEach(host ->
        assertThat(refusal("https://" + host + "/hook")).as(host).isEqualTo(RefusedTargetException.Stage.LITERAL));
  }

  @Property(tries = 3000)
  void aPublicIpv4AddressIsAllowedInItsUsualFormAndRefusedInEveryOther(@ForAll("publicV4") int address) {
    Target target = POLICY.check("https://" + dotted(address) + "/hook");
    assertThat(target.host()).isEqualTo(dotted(address));
    assertThat(POLICY.pick(target, List.of()).get(0).getHostAddress()).isEqualTo(dotted(address));
    Stream.concat(oddSpellings(address), embedded(address)).forEach(host ->
        assertThat(refusal("https://" + host + "/hook")).as(host).isEqualTo(RefusedTargetException.Stage.LITERAL));
  }

  @Property(tries = 3000)
  void anIpv6AddressOutsideGlobalUnicastIsRefused(
      @ForAll long high, @ForAll long low, @ForAll @IntRange(min = 0, max = 6) int top) {
    long prefix = top == 0 ? 0 : top + 1; // all values of the first three bits but 001
    assertRefusedInEveryForm(new IPv6Address(high >>> 3 | prefix << 61, low));
  }

  @Property(tries = 2000)
  void anIpv6AddressInADeniedBlockIsRefused(
      @ForAll long high, @ForAll long low, @ForAll @IntRange(min = 0, max = 3) int block) {
    IPv6Address denied = DENIED_V6.get(block).toIPv6();
    BigInteger offset = new IPv6Address(high, low).getValue().mod(denied.getCount());
    assertRefusedInEveryForm(new IPv6Address(denied.getLower().getValue().add(offset)));
  }

  @Property
  void anIsatapAddressIsRefusedUnderAnyPrefix(@ForAll long prefix, @ForAll int inner, @ForAll boolean universal) {
    long global = 0x2000_0000_0000_0000L | prefix >>> 3;
    long interfaceId = (universal ? 0x0200_5efe_0000_0000L : 0x5efe_0000_0000L) | inner & 0xffff_ffffL;
    assertRefusedInEveryForm(new IPv6Address(global, interfaceId));
  }

  @Property
  void anIpv6AddressOfTheRestIsAllowedInEveryForm(@ForAll @IntRange(min = 0x2400, max = 0x2fff) int first,
      @ForAll long high, @ForAll long low) {
    IPv6Address address = new IPv6Address((long) first << 48 | high >>> 16, low | 1L << 56);
    forms(address).forEach(form -> {
      Target target = POLICY.check("https://[" + form + "]/");
      assertThat(target.host()).isEqualTo(address.toCanonicalString());
      assertThat(target.literal()).contains(address.toInetAddress());
    });
  }

  @Property
  void oneBadAddressAnywhereInAnAnswerIsEnough(
      @ForAll("deniedV4") int bad, @ForAll @IntRange(min = 0, max = 8) int before,
      @ForAll @IntRange(min = 0, max = 8) int after, @ForAll("publicV4") int good) {
    List<InetAddress> answer = new ArrayList<>();
    for (int i = 0; i < before + after; i++) {
      answer.add(new IPv4Address(good).toInetAddress());
    }
    if (!answer.isEmpty()) {
      assertThat(POLICY.pick(NAME, answer)).containsExactly(answer.get(0));
    }
    answer.add(before, new IPv4Address(bad).toInetAddress());
    assertThatThrownBy(() -> POLICY.pick(NAME, answer)).isInstanceOf(RefusedTargetException.class);
  }

  @Property
  void whatTheOperatorDeniesIsRefusedInEverySpellingThoughAllIsAllowed(
      @ForAll int address, @ForAll @IntRange(min = 1, max = 32) int prefix, @ForAll boolean insecure) {
    IPAddress denied = new IPv4Address(address).toPrefixBlock(prefix);
    TargetPolicy policy = Policies.of(insecure,
        List.of("0.0.0.0/0", "::/0", "*.example.com"), List.of(denied.toCanonicalString()));
    Target name = policy.check("https://hooks.example.com/hook");
    String hex = "%x:%x".formatted(address >>> 16, address & 0xffff);
    Stream.concat(oddSpellings(address), Stream.of(dotted(address), "[::ffff:" + hex + "]", "[64:ff9b::" + hex + "]",
        "[2002:" + hex + "::1]")).forEach(host ->
            assertThat(refusal(policy, "https://" + host + "/hook")).as(host)
                .isEqualTo(RefusedTargetException.Stage.LITERAL));
    assertThat(refuses(policy, name, new IPv4Address(address))).isTrue();
    for (String inside : List.of("::ffff:" + hex, "64:ff9b::" + hex, "2002:" + hex + "::1")) {
      assertThat(refuses(policy, name, new IPAddressString(inside).getAddress().toIPv6())).as(inside).isTrue();
    }
    IPv4Address beside = new IPv4Address(address ^ 1 << 32 - prefix);
    assertThat(refuses(policy, name, beside)).isFalse();
    assertThat(policy.check("https://" + beside.toCanonicalString() + "/hook").literal()).isPresent();
  }

  @Provide
  Arbitrary<Integer> deniedV4() {
    return Combinators.combine(Arbitraries.of(DENIED_V4), Arbitraries.integers()).as((block, random) -> {
      int first = block.getLower().toIPv4().intValue();
      int size = block.getPrefixLength();
      return first | random & (size == 32 ? 0 : -1 >>> size);
    });
  }

  @Provide
  Arbitrary<Integer> publicV4() {
    return Arbitraries.integers().filter(address ->
        DENIED_V4.stream().noneMatch(block -> block.contains(new IPv4Address(address))));
  }

  /** As inet_aton reads them: fewer parts, and each in another base. */
  private static Stream<String> oddSpellings(int a) {
    long value = a & 0xffff_ffffL;
    int b0 = a >>> 24;
    int b1 = a >>> 16 & 0xff;
    int b2 = a >>> 8 & 0xff;
    int b3 = a & 0xff;
    return Stream.of(
        String.valueOf(value), "0x" + Long.toHexString(value), "0X%08X".formatted(value), "0%o".formatted(value),
        "%d.%d".formatted(b0, a & 0xffffff), "%d.%d.%d".formatted(b0, b1, a & 0xffff),
        "0x%x.%d".formatted(b0, a & 0xffffff), "%d.0x%x".formatted(b0, a & 0xffffff),
        "0%o.%d.0x%x".formatted(b0, b1, a & 0xffff),
        "0x%x.0x%x.0x%x.0x%x".formatted(b0, b1, b2, b3), "0%o.0%o.0%o.0%o".formatted(b0, b1, b2, b3),
        "%d.%d.%d.0x%x".formatted(b0, b1, b2, b3), "%d.0%o.%d.%d".formatted(b0, b1, b2, b3),
        "%03d.%03d.%03d.0%03d".formatted(b0, b1, b2, b3), "%d.%d.%d.%d.".formatted(b0, b1, b2, b3),
        String.valueOf(value + (1L << 32)), "%d.%d.%d.%d".formatted(b0, b1, b2, b3 + 256));
  }

  /** Mapped, compatible, translated, NAT64, 6to4 and Teredo. */
  private static Stream<String> embedded(int a) {
    String hex = "%x:%x".formatted(a >>> 16, a & 0xffff);
    String obfuscated = "%x:%x".formatted(~a >>> 16, ~a & 0xffff);
    return Stream.of(
        "::ffff:" + dotted(a), "::FFFF:" + hex, "0:0:0:0:0:ffff:" + dotted(a), "0000:0000:0000:0000:0000:ffff:" + hex,
        "0::0:ffff:" + hex, "::" + dotted(a), "::0:" + hex, "::ffff:0:" + dotted(a), "64:ff9b::" + dotted(a),
        "64:ff9b::" + hex, "64:ff9b:1::" + hex, "2002:" + hex + "::1", "2001:0:" + hex + "::1", "2001::" + obfuscated,
        "fe80::5efe:" + dotted(a), "2606:4700::200:5efe:" + dotted(a)).map(text -> "[" + text + "]");
  }

  private static Stream<String> forms(IPv6Address address) {
    return Stream.of(address.toCanonicalString(), address.toFullString(), address.toNormalizedString(),
        address.toMixedString(), address.toCanonicalString().toUpperCase(Locale.ROOT));
  }

  private static void assertRefusedInEveryForm(IPv6Address address) {
    forms(address).forEach(form -> assertThat(refusal("https://[" + form + "]/hook")).as(form)
        .isEqualTo(RefusedTargetException.Stage.LITERAL));
    assertThat(refusesAnswer(address)).isTrue();
  }

  private static boolean refusesAnswer(IPAddress address) {
    return refuses(POLICY, NAME, address);
  }

  private static boolean refuses(TargetPolicy policy, Target name, IPAddress address) {
    return catchThrowableOfType(RefusedTargetException.class,
        () -> policy.pick(name, List.of(address.toInetAddress()))) != null;
  }

  private static RefusedTargetException.Stage refusal(String url) {
    return refusal(POLICY, url);
  }

  private static RefusedTargetException.Stage refusal(TargetPolicy policy, String url) {
    RefusedTargetException refused = catchThrowableOfType(RefusedTargetException.class, () -> policy.check(url));
    assertThat(refused).as("refusal of %s", url).isNotNull();
    return refused.stage();
  }

  private static String dotted(int address) {
    return new IPv4Address(address).toCanonicalString();
  }

  private static List<IPAddress> addresses(List<String> blocks) {
    return blocks.stream().map(block -> new IPAddressString(block).getAddress()).toList();
  }
}
