package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import inet.ipaddr.IPAddressString;
import java.net.URI;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;

class TargetUrlPropertyTest {

  private static final List<TargetPolicy> POLICIES = List.of(Policies.strict(), Policies.insecure());

  @Property(tries = 3000)
  void aControlCharacterASpaceOrABackslashIsRefusedAnywhere(
      @ForAll("urls") String url,
      @ForAll("forbidden") char forbidden,
      @ForAll @IntRange(min = 0, max = 99) int percent) {
    int at = url.length() * percent / 99;
    String broken = url.substring(0, at) + forbidden + url.substring(at);
    for (TargetPolicy policy : POLICIES) {
      assertThat(policy.check(url)).isNotNull();
      assertThat(catchThrowableOfType(RefusedTargetException.class, () -> policy.check(broken)).stage())
          .isEqualTo(RefusedTargetException.Stage.PARSE);
    }
  }

  @Property(tries = 20_000)
  void anyTextIsRefusedOrBecomesATargetThatOtherParsersReadAlike(@ForAll("texts") String text) {
    for (TargetPolicy policy : POLICIES) {
      boolean accepted = true;
      try {
        assertPlain(policy.check(text), text);
      } catch (RefusedTargetException refused) {
        assertThat(refused.getMessage()).matches("[ -~]+");
        accepted = false;
      }
      Statistics.collect(accepted);
    }
    // or this would show nothing
    Statistics.coverage(share -> share.check(true).percentage(percent -> percent > 2));
  }

  private static void assertPlain(Target target, String text) {
    assertThat(target.host()).matches("[a-z0-9.:-]+");
    assertThat(target.requestUri()).matches("/[!-~]*").doesNotContain("\\", "#");
    assertThat(target.port()).isBetween(1, 65535);
    assertThat(text).endsWith(target.requestUri().substring(1));
    URI uri = URI.create(text);
    assertThat(uri.getUserInfo()).isNull();
    // java.net.URI knows no host whose last label starts with a digit: development alone allows it
    if (target.literal().isPresent() || !target.host().matches("(.*\\.)?[0-9][^.]*")) {
      assertThat(uri.getHost().replaceFirst("\\.$", "")).satisfiesAnyOf(
          host -> assertThat(host).isEqualToIgnoringCase(target.host()),
          host -> assertThat(new IPAddressString(host.substring(1, host.length() - 1)).getAddress().toCanonicalString())
              .isEqualTo(target.host()));
      assertThat(uri.getPort()).isIn(target.port(), -1);
    }
  }

  @Provide
  Arbitrary<Character> forbidden() {
    return Arbitraries.chars().range('\u0000', ' ').with('\\', '\u007f');
  }

  @Provide
  Arbitrary<String> urls() {
    Arbitrary<String> label = Arbitraries.strings().withCharRange('a', 'z').withCharRange('A', 'Z').ofMinLength(1)
        .ofMaxLength(20);
    Arbitrary<String> port = Arbitraries.of("", ":443", ":8443");
    Arbitrary<String> rest = Arbitraries.of("", "/", "/hook", "?a=b", "/a/../b?c=d&e", "/%2F//");
    return Combinators.combine(label, label, port, rest)
        .as((first, second, number, path) -> "https://" + first + "." + second + ".com" + number + path);
  }

  /** Anything, and what comes of putting pieces together that parsers trip over. */
  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> pieces = Arbitraries.of(
        "https", "HTTPS", "http", "file", ":", "//", "/", "\\", "@", "?", "#", ".", "-", "_", "%", "%2e", "%00",
        "[", "]", "[::1]", "[2606:4700::1111]", "[::ffff:10.0.0.1]", "127.0.0.1", "93.184.215.14", "0x7f",
        "017", "1", "a", "Z9", "hooks", "example", "com", "localhost", "internal", "xn--", "xn--bcher-kva", "443",
        "8443", "0", "\u0000", "\r\n", " ", "\t", "\u3002", "\uff0e", "\u2460", "\u00ad", "\u212a", "\ud800",
        "\ud83d\ude00");
    Arbitrary<String> parts = pieces.list().ofMaxSize(10).map(list -> String.join("", list));
    Arbitrary<String> ascii = Arbitraries.strings().withCharRange('!', '~').ofMaxLength(30);
    return Arbitraries.oneOf(
        Arbitraries.strings(),
        parts,
        ascii.map(text -> "https://" + text),
        parts.map(text -> "https://" + text),
        parts.map(text -> "https://hooks.example.com" + text),
        parts.map(text -> "http://" + text + ".example.com/"));
  }
}
