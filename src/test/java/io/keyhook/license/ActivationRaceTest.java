package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Never one activation too many, however many devices ask at once. */
class ActivationRaceTest {
  private static final int DEVICES = 1000;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @RepeatedTest(3)
  void thousandDevicesOnALicenseForFiveGiveFive() {
    License license = keyhook.license(5);
    assertFiveOf(race(license, List.of(keyhook.api())), license);
  }

  @RepeatedTest(3)
  void theSameOverTwoNodes() {
    License license = keyhook.license(5);
    assertFiveOf(race(license, List.of(keyhook.api(), other.api())), license);
  }

  private static List<Exchange> race(License license, List<Api> apis) {
    return IntStream.range(0, DEVICES)
        .mapToObj(i -> apis.get(i % apis.size()).validateAsync(license.key(), "device " + i)).toList().stream()
        .map(Api::join).toList();
  }

  private static void assertFiveOf(List<Exchange> answers, License license) {
    Map<Integer, Long> statuses = answers.stream().collect(Collectors.groupingBy(Exchange::status, Collectors.counting()));
    assertThat(statuses).isEqualTo(Map.of(200, 5L, 403, DEVICES - 5L));
    assertThat(answers.stream().filter(answer -> answer.status() == 200)
        .map(answer -> answer.json().getInteger("currentActivations"))).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    assertThat(answers.stream().filter(answer -> answer.status() == 403))
        .allMatch(answer -> answer.json().getString("code").equals("MAX_ACTIVATIONS_REACHED"));
    assertCounted(license, 5);
  }

  private static void assertCounted(License license, int expected) {
    assertThat(keyhook.database().column("""
        SELECT l.activations || ' counted, ' || count(a) || ' there' FROM keyhook.license l
        LEFT JOIN keyhook.activation a USING (account_id, license_id) WHERE l.key = ? GROUP BY l.activations""",
        license.key())).containsExactly(expected + " counted, " + expected + " there");
  }

  @Test
  void devicesOfManyLicensesThatAskInAnyOrderAllGetTheirs() {
    List<License> licenses = IntStream.range(0, 20).mapToObj(i -> keyhook.license(10)).toList();
    List<Exchange> answers = IntStream.range(0, 400)
        .mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api())
            .validateAsync(licenses.get(i * 7 % 20).key(), "device " + i / 20 % 10)).toList().stream()
        .map(Api::join).toList();
    assertThat(answers).allSatisfy(answer -> answer.expect(200));
    licenses.forEach(license -> assertCounted(license,
        (int) keyhook.database().number("SELECT count(DISTINCT fingerprint) FROM keyhook.activation a "
            + "JOIN keyhook.license l USING (account_id, license_id) WHERE l.key = ?", license.key())));
  }

  @Test
  void takingOffAndAddingDevicesAtOnceKeepsTheCountRight() {
    License license = keyhook.license(3);
    IntStream.range(0, 3).forEach(i -> keyhook.api().validate(license.key(), "first " + i).expect(200));
    String path = "/api/licenses/" + license.id() + "/activations";
    List<String> ids = keyhook.api().get(path).data().stream().map(activation -> activation.getString("id")).toList();
    var added = IntStream.range(0, 100).mapToObj(i -> other.api().validateAsync(license.key(), "second " + i)).toList();
    var removed = ids.stream().map(id -> keyhook.api().send("DELETE", path + "/" + id, null)).toList();
    removed.forEach(answer -> Api.join(answer).expect(204));
    long granted = added.stream().map(Api::join).filter(answer -> answer.status() == 200).count();
    assertThat(granted).isLessThanOrEqualTo(3);
    assertCounted(license, (int) granted);
  }
}
