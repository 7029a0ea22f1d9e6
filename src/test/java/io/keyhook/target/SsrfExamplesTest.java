package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keyhook.target.RefusedTargetException.Stage;
import io.keyhook.target.SsrfExamples.Case;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shared SSRF cases and more, against a resolver and a connector that only record. */
class SsrfExamplesTest {

  private static final TargetPolicy POLICY = Policies.strict();
  /** How many ended in which way. */
  private static final Map<String, Integer> ENDED = new TreeMap<>();

  @AfterAll
  static void tell() {
    System.out.println("SSRF cases tried: " + ENDED.values().stream().mapToInt(i -> i).sum() + ", of which " + ENDED);
  }

  @ParameterizedTest
  @MethodSource("io.keyhook.target.SsrfExamples#cases")
  void aCaseEndsAsItsVerdictSays(Case example) {
    Receiver receiver = new Receiver(example);
    switch (example.verdict()) {
      case "ALLOW" -> {
        receiver.attempts();
        assertThat(receiver.connected).isNotEmpty();
        ended("allowed");
      }
      case "FAIL" -> {
        assertThatThrownBy(receiver::attempts).isInstanceOf(UnresolvedTargetException.class);
        assertThat(receiver.connected).isEmpty();
        ended("left to be tried again");
      }
      case "REFUSE" -> {
        Stage stage = catchThrowableOfType(RefusedTargetException.class, receiver::attempts).stage();
        assertThat(stage == Stage.DNS).as("refused only when resolved").isEqualTo(example.stage().equals("dns"));
        assertThat(receiver.connected).hasSize(Math.max(0, example.lookups().size() - 1));
        ended("refused");
      }
      default -> throw new IllegalArgumentException(example.verdict());
    }
    // each lookup was of use to one attempt, which went to what was checked and asked nobody again
    assertThat(receiver.unused).isEmpty();
    assertThat(receiver.connected).allMatch(address -> example.lookups().isEmpty()
        || example.lookups().stream().anyMatch(answer -> answer.contains(address)));
  }

  private static void ended(String way) {
    ENDED.merge(way, 1, Integer::sum);
  }

  @ParameterizedTest
  @MethodSource("io.keyhook.target.SsrfExamples#cases")
  void whatTheUrlIsRefusedForIsWhatTheCaseSays(Case example) {
    if (example.isRefusedByUrl()) {
      RefusedTargetException refused =
          catchThrowableOfType(RefusedTargetException.class, () -> POLICY.check(example.url()));
      assertThat(refused.stage()).isEqualTo(Stage.valueOf(example.stage().toUpperCase(Locale.ROOT)));
      assertThat(refused.getMessage()).matches("[ -~]+");
    }
  }

  @Test
  void theExamplesAreAllRead() {
    assertThat(SsrfExamples.cases()).hasSizeGreaterThan(290);
    assertThat(SsrfExamples.blocks("#deny4")).hasSize(16);
    assertThat(SsrfExamples.blocks("#deny6")).hasSize(4);
  }

  /** Makes as many attempts as there are answers, each from the URL to the address to connect to. */
  private static final class Receiver {

    private final Case example;
    private final Queue<List<InetAddress>> unused;
    private final List<InetAddress> connected = new ArrayList<>();

    Receiver(Case example) {
      this.example = example;
      this.unused = new ArrayDeque<>(example.lookups());
    }

    void attempts() {
      do {
        Target target = POLICY.check(example.url());
        connected.addAll(POLICY.pick(target, target.literal().isPresent() ? List.of() : resolve()));
      } while (!unused.isEmpty());
    }

    private List<InetAddress> resolve() {
      assertThat(unused).as("the resolver must not be asked").isNotEmpty();
      return unused.remove();
    }
  }
}
