package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keyhook.target.RefusedTargetException.Stage;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code delivery.allowInsecureTargets} opens for development, and what it leaves closed. */
class InsecureTargetsTest {

  private final TargetPolicy development = Policies.insecure();

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8080/hook,      localhost,                localhost:8080",
    "http://localhost,                localhost,                localhost",
    "HTTP://LOCALHOST.:80/,           localhost,                localhost",
    "http://receiver.internal:9200/,  receiver.internal,        receiver.internal:9200",
    "http://hooks.example.com:443/,   hooks.example.com,        hooks.example.com:443",
    "https://127.0.0.1:1/,            127.0.0.1,                127.0.0.1:1",
    "http://[::1]:65535/,             ::1,                      [::1]:65535",
    "http://169.254.169.254/,         169.254.169.254,          169.254.169.254"})
  void anyPortNameAndAddressIsATarget(String url, String host, String hostHeader) {
    Target target = development.check(url);
    assertThat(target.host()).isEqualTo(host);
    assertThat(target.hostHeader()).isEqualTo(hostHeader);
    assertThat(target.ssl()).isEqualTo(url.startsWith("https"));
    assertThat(development.pick(target, List.of(InetAddress.getLoopbackAddress()))).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "http://u@localhost/", "http://localhost/#a", "http://localhost/\n", "http://local\thost/", "http://localhost:0/",
    "http://localhost:65536/", "http://localhost:/", "http://127.1/", "http://0x7f000001/", "http://[fe80::1%25lo]/",
    "http://local host/", "http:\\\\localhost/", "ftp://localhost/", "http://local_host/", "http://\u24db/"})
  void whatIsOddIsRefusedAllTheSame(String url) {
    assertThat(refusal(development, url)).isNotNull();
  }

  @Test
  void whatTheOperatorDeniesStaysDenied() {
    TargetPolicy guarded = Policies.of(true, List.of(), List.of("169.254.0.0/16"));
    assertThat(guarded.check("http://127.0.0.1/").host()).isEqualTo("127.0.0.1");
    assertThat(refusal(guarded, "http://169.254.169.254/").stage()).isEqualTo(Stage.LITERAL);
    assertThat(refusal(guarded, "http://[::ffff:169.254.169.254]/").stage()).isEqualTo(Stage.LITERAL);
  }

  private static RefusedTargetException refusal(TargetPolicy policy, String url) {
    return catchThrowableOfType(RefusedTargetException.class, () -> policy.check(url));
  }
}
