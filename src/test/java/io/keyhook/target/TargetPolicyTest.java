package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keyhook.target.RefusedTargetException.Stage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetPolicyTest {

  private final TargetPolicy policy = Policies.strict();

  @Test
  void aTargetHoldsWhatTheRequestIsMadeFrom() {
    assertThat(policy.check("https://Hooks.Example.COM:8443/a%2Fb//c/../d?q=1&r=%C3%A4?"))
        .isEqualTo(new Target(true, "hooks.example.com", 8443, "/a%2Fb//c/../d?q=1&r=%C3%A4?", Optional.empty()));
    assertThat(policy.check("https://hooks.example.com:8443/").hostHeader()).isEqualTo("hooks.example.com:8443");
  }

  @ParameterizedTest
  @CsvSource({
    "https://hooks.example.com,              /",
    "https://hooks.example.com?,             /?",
    "https://hooks.example.com?a=/b,         /?a=/b",
    "https://hooks.example.com/,             /",
    "https://hooks.example.com//10.0.0.1/,   //10.0.0.1/",
    "HttpS://hooks.example.com:443/hook,     /hook",
    "https://HOOKS.example.com./hook,        /hook"})
  void theRequestLineGetsPathAndQueryAsGiven(String url, String requestUri) {
    Target target = policy.check(url);
    assertThat(target).isEqualTo(new Target(true, "hooks.example.com", 443, requestUri, Optional.empty()));
    assertThat(target.hostHeader()).isEqualTo("hooks.example.com");
  }

  @ParameterizedTest
  @CsvSource({
    "https://93.184.215.14/,                                93.184.215.14,        93.184.215.14",
    "https://93.184.215.14:8443/,                           93.184.215.14,        93.184.215.14:8443",
    "https://[2606:4700:0:0:0:0:0:1111]/,                   2606:4700::1111,      [2606:4700::1111]",
    "https://[2606:4700:0000:0000:0000:0000:0000:1111]:443, 2606:4700::1111,      [2606:4700::1111]",
    "https://[2606:4700::93.184.215.14]:8443/,              2606:4700::5db8:d70e, [2606:4700::5db8:d70e]:8443",
    "https://[2A00:1450::ABCD]/,                            2a00:1450::abcd,      [2a00:1450::abcd]"})
  void aPublicAddressIsATargetAndNeedsNoLookup(String url, String host, String hostHeader) {
    Target target = policy.check(url);
    assertThat(target.host()).isEqualTo(host);
    assertThat(target.hostHeader()).isEqualTo(hostHeader);
    assertThat(policy.pick(target, List.of())).containsExactly(address(host)).containsExactly(target.literal().get());
  }

  @ParameterizedTest
  @CsvSource({
    "PARSE,   hooks.example.com/hook",
    "PARSE,   https:hooks.example.com",
    "PARSE,   https:///hook",
    "PARSE,   https://?q",
    "PARSE,   https://:443/",
    "PARSE,   https://./",
    "PARSE,   https://hooks..example.com/",
    "PARSE,   https://hooks.example.com../",
    "PARSE,   https://.example.com/",
    "PARSE,   https://-hooks.example.com/",
    "PARSE,   https://hooks-.example.com/",
    "PARSE,   https://hooks.example.com:443:443/",
    "PARSE,   https://hooks.example.com:443@10.0.0.1/",
    "PARSE,   https://hooks.example.com%00/",
    "PARSE,   https://hooks.example.com;10.0.0.1/",
    "PARSE,   https://2606:4700::1111/",
    "PARSE,   https://[2606:4700::1111/",
    "PARSE,   https://2606:4700::1111]/",
    "PARSE,   https://[2606:4700::1111]a/",
    "PARSE,   https://[93.184.215.14]/",
    "PARSE,   https://[2606:4700::1111%25eth0]/",
    "PARSE,   https://[v1.a:b]/",
    "PARSE,   https://[2606:4700::1111::]/",
    "PARSE,   https://[2606:4700::012.1.1.1]/",
    "PARSE,   https://[2606:4700::00001]/",
    "PARSE,   https://[26064700000000000000000000001111]/",
    "PARSE,   https://hooks.example.com/%",
    "PARSE,   https://hooks.example.com/%4",
    "PARSE,   https://hooks.example.com/%g0",
    "PARSE,   https://hooks.example.com/%0d%0aX:1",
    "PARSE,   https://hooks.example.com/?q=%00",
    "PARSE,   https://hooks.example.com/<b>",
    "PARSE,   https://hooks.example.com/\u00e9",
    "SCHEME,  wss://hooks.example.com/",
    "SCHEME,  hooks.example.com:443/hook",
    "SCHEME,  https+unix://hooks.example.com/",
    "PORT,    https://hooks.example.com:/",
    "PORT,    https://hooks.example.com:65536/",
    "PORT,    https://hooks.example.com:-443/",
    "PORT,    https://hooks.example.com:+443/",
    "PORT,    https://hooks.example.com:0443/",
    "PORT,    https://hooks.example.com:443a/",
    "PORT,    https://hooks.example.com:4294967739/",
    "PORT,    https://93.184.215.14:22/",
    "NAME,    https://LOCALHOST/",
    "NAME,    https://a.b.localhost/",
    "NAME,    https://localhost.localdomain/",
    "NAME,    https://localhost6.localdomain6/",
    "NAME,    https://printer.local/",
    "NAME,    https://metadata.goog/",
    "NAME,    https://metadata.tencentyun.com/",
    "NAME,    https://kubernetes.default/",
    "NAME,    https://1.0.0.10.in-addr.arpa/",
    "NAME,    https://hooks.3com/",
    "NAME,    https://com./",
    "IDN,     https://b\u00fccher.example.com/",
    "IDN,     https://93\u3002184\u3002215\u300214/",
    "IDN,     https://XN--.example.com/",
    "IDN,     https://xn--a-.example.com/",
    "LITERAL, https://1/",
    "LITERAL, https://93.184.215.14./",
    "LITERAL, https://093.184.215.14/",
    "LITERAL, https://93.184.55054/",
    "LITERAL, https://0x5d.184.215.14/",
    "LITERAL, https://93.184.215.0xe/",
    "LITERAL, https://93.184.215.0x/",
    "LITERAL, https://93.184.215.256/",
    "LITERAL, https://93.184.215.14.1/",
    "LITERAL, https://hooks.example.1/",
    "LITERAL, https://1..1/",
    "LITERAL, https://[2606:4700::200:5efe:5db8:d70e]/"})
  void aUrlIsRefusedForWhatIsWrongWithIt(Stage stage, String url) {
    assertThat(refusal(policy, url).stage()).isEqualTo(stage);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "http://hooks.example.com/       | must be https",
    "https://hooks.example.com:9200/ | port 9200 is not allowed; use 443 or 8443",
    "https://printer.lan/            | host is not a public name: lan is reserved",
    "https://printer/                | host is not a public name: it has no domain",
    "https://10.0.0.1/               | host is not a public address",
    "https://u:p@hooks.example.com/  | must not contain a user name or password"})
  void aRefusalSaysWhatToChange(String url, String message) {
    assertThat(refusal(policy, url)).hasMessage(message).hasNoCause();
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "https://a.example.com/", "https://r3---sn-a.example.com/", "https://0x7f.example.com/", "https://127.example.com/",
    "https://localhost.example.com/", "https://notlocalhost.example/", "https://internal.example.com/",
    "https://xn--bcher-kva.example.com/", "https://xn--strae-oqa.example.com/", "https://xn--p1ai.xn--p1ai/",
    "https://hooks.example.com/$&+,;=:@!*'()~._-"})
  void whatOnlyLooksOddIsAllowed(String url) {
    assertThat(policy.check(url).port()).isEqualTo(443);
  }

  @Test
  void theLengthsOfUrlAndNameAreAllowedUpToTheirLimits() {
    String base = "https://hooks.example.com/";
    String name = ("a".repeat(63) + ".").repeat(3) + "b".repeat(57) + ".com";

    assertThat(policy.check(base + "a".repeat(2048 - base.length())).requestUri()).hasSize(2048 - base.length() + 1);
    assertThat(refusal(policy, base + "a".repeat(2049 - base.length())).stage()).isEqualTo(Stage.PARSE);
    assertThat(policy.check("https://" + name + "/").host()).hasSize(253);
    assertThat(policy.check("https://" + name + "./").host()).hasSize(253);
    assertThat(refusal(policy, "https://b" + name + "/").stage()).isEqualTo(Stage.PARSE);
  }

  @Test
  void severalPublicAddressesAreTriedInTurnOfTheirFamilies() {
    Target target = policy.check("https://hooks.example.com/");
    InetAddress[] four = {address("93.184.215.14"), address("93.184.215.15"), address("93.184.215.16")};
    InetAddress[] six = {address("2606:4700::1111"), address("2606:4700::1112")};
    assertThat(policy.pick(target, List.of(four[0], four[1], four[2], six[0], six[1])))
        .containsExactly(four[0], six[0], four[1], six[1], four[2]);
    assertThat(policy.pick(target, List.of(six[0], six[1], four[0]))).containsExactly(six[0], four[0], six[1]);
    assertThat(policy.pick(target, List.of(four[1], four[0], four[1]))).containsExactly(four[1], four[0]);
  }

  @Test
  void aNameWithoutAddressesIsADnsFailureAndNoRefusal() {
    Target target = policy.check("https://hooks.example.com/");
    assertThatThrownBy(() -> policy.pick(target, List.of())).isInstanceOf(UnresolvedTargetException.class);
  }

  @Test
  void neitherRefusalNorTargetTellsTheAddressFoundOrTheToken() {
    Target target = policy.check("https://hooks.example.com/token?secret");
    assertThat(target).hasToString("https://hooks.example.com");
    assertThatThrownBy(() -> policy.pick(target, List.of(address("10.1.2.3"))))
        .hasMessage("hooks.example.com resolves to an address that is not public");
  }

  @Test
  void theTestEndpointIsATargetThatNoAddressIsEverPickedFor() {
    String url = Target.testEndpoint("token");
    for (TargetPolicy any : List.of(policy, Policies.insecure(), Policies.of(false, List.of("*.keyhook.invalid"), List.of()))) {
      Target target = any.check(url);
      assertThat(target.isTestEndpoint()).isTrue();
      assertThatThrownBy(() -> any.pick(target, List.of(address("127.0.0.1")))).isInstanceOf(RefusedTargetException.class);
      assertThatThrownBy(() -> any.pick(target, List.of(address("8.8.8.8")))).isInstanceOf(RefusedTargetException.class);
    }
    assertThat(policy.check("https://hooks.example.com/").isTestEndpoint()).isFalse();
    assertThat(Policies.insecure().check(url.replace("https", "http")).isTestEndpoint()).isFalse();
    TargetPolicy denying = Policies.of(false, List.of(), List.of("test-endpoint.keyhook.invalid"));
    assertThat(refusal(denying, url)).hasMessageContaining("administrator denies");
  }

  @Test
  void aMappedAddressInAnAnswerIsNoWayAround() {
    Target target = policy.check("https://hooks.example.com/");
    assertThatThrownBy(() -> policy.pick(target, List.of(address("::ffff:10.0.0.1"))))
        .isInstanceOf(RefusedTargetException.class);
  }

  @Test
  void theOperatorOpensAndClosesPortsAndAddresses() {
    TargetPolicy own = Policies.ofPorts(Set.of(9443), List.of("10.1.0.0/16", "fd00::1"),
        List.of("10.1.2.0/24", "93.184.215.14", "2606:4700:64::/96"));
    Target name = own.check("https://hooks.example.com:9443/");

    assertThat(own.check("https://10.1.3.3:9443/").host()).isEqualTo("10.1.3.3");
    assertThat(own.check("https://[fd00::1]:9443/").host()).isEqualTo("fd00::1");
    assertThat(own.pick(name, List.of(address("10.1.3.3")))).containsExactly(address("10.1.3.3"));
    assertThat(refusal(own, "https://hooks.example.com/")).hasMessage("port 443 is not allowed; use 9443");
    assertThat(refusal(own, "https://10.1.2.3:9443/").stage()).isEqualTo(Stage.LITERAL);
    assertThat(refusal(own, "https://10.2.0.1:9443/").stage()).isEqualTo(Stage.LITERAL);
    assertThat(refusal(own, "https://[fd00::2]:9443/").stage()).isEqualTo(Stage.LITERAL);
    for (String denied : List.of("93.184.215.14", "2606:4700:64::a00:1", "10.1.2.3")) {
      assertThatThrownBy(() -> own.pick(name, List.of(address(denied)))).isInstanceOf(RefusedTargetException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "10.0.0.1/8", "10.0.0.0/33", "10.0.0", "10.*.0.0", "10.0.0.0/255.0.0.0", "127.1", "0x7f", "*.1", "*", "*.*.com",
    "a b", "", "/8"})
  void anImpossibleEntryStopsTheStart(String entry) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Policies.ofPorts(Set.of(443), List.of(), List.of(entry)))
        .withMessageContaining(entry);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Policies.ofPorts(Set.of(443), List.of(entry), List.of()));
  }

  @Test
  void impossiblePortsStopTheStart() {
    for (Set<Integer> ports : List.of(Set.<Integer>of(), Set.of(0), Set.of(443, 65536))) {
      assertThatIllegalArgumentException().isThrownBy(() -> Policies.ofPorts(ports, List.of(), List.of()));
    }
  }

  private static RefusedTargetException refusal(TargetPolicy policy, String url) {
    RefusedTargetException refused = catchThrowableOfType(RefusedTargetException.class, () -> policy.check(url));
    assertThat(refused).as("refusal of %s", url).isNotNull();
    return refused;
  }

  /** Of an address in text, so that nothing is looked up. */
  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }
}
