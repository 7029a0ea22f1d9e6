package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.bus.FailureException;
import io.keyhook.testing.Waiting;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.pgclient.PgException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What gathers goes in turns, and is bounded. An item here is its tenant's name, a letter, and a number. */
class BatcherTest {
  private static final int BATCH = 4;
  private static final int WAITING = 20;
  /** Of one tenant alone: two thirds. */
  private static final int SHARE = 2 * WAITING / 3 + 1;

  private static final Duration MOST = Duration.ofMillis(4);
  private static final Batcher.Pace PACE = new Batcher.Pace(Duration.ZERO, MOST, BATCH);

  private final List<List<String>> sent = new ArrayList<>();
  private final List<Promise<Void>> answers = new ArrayList<>();
  private final Watch watch = new Watch();
  private final Batcher<String, String> batcher =
      new Batcher<>(watch, 1, BATCH, WAITING, PACE, item -> item.charAt(0), new Cases(), batch -> {
        sent.add(batch);
        Promise<Void> answer = Promise.promise();
        answers.add(answer);
        return answer.future().map(batch);
      });

  /** Capital letters are tenants of another group, and digits go to another place. */
  private static final class Cases implements Batcher.Grouping {
    @Override
    public Object group(Object tenant) {
      return Character.isUpperCase((char) tenant);
    }

    @Override
    public Object place(Object tenant) {
      return Character.isDigit((char) tenant);
    }
  }

  /** Time passes when a test says so. */
  private static final class Watch implements Batcher.Time {
    private final List<Promise<Void>> pauses = new ArrayList<>();
    private final List<Long> paused = new ArrayList<>();
    private final List<Runnable> next = new ArrayList<>();
    private long now;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public Future<?> pause(long nanos) {
      Promise<Void> over = Promise.promise();
      pauses.add(over);
      paused.add(nanos);
      return over.future();
    }

    @Override
    public void afterThisTurn(Runnable task) {
      next.add(task);
    }

    /** Ends a turn of the event loop. */
    void turn() {
      List<Runnable> tasks = List.copyOf(next);
      next.clear();
      tasks.forEach(Runnable::run);
    }

    void pass(Duration time) {
      now += time.toNanos();
    }

    /** More than a batch is ever waited for. */
    void goOn() {
      now += 1_000_000_000;
      List<Promise<Void>> over = List.copyOf(pauses);
      pauses.clear();
      over.forEach(Promise::complete);
    }
  }

  /** Adds an item, which comes in a turn of its own. */
  private Future<String> add(String item) {
    Future<String> result = batcher.add(item);
    watch.turn();
    return result;
  }

  private List<Future<String>> add(String tenant, int count) {
    return IntStream.range(0, count).mapToObj(i -> add(tenant + i)).toList();
  }

  private void answerAll() {
    for (int i = 0; i < answers.size(); i++) { // answering one sends the next
      answers.get(i).complete();
      watch.goOn();
    }
  }

  @Test
  void whoAsksLittleDoesNotWaitBehindWhoFloods() {
    add("a", 15);
    Future<String> late = add("b0");
    answers.get(0).complete();
    assertThat(sent.get(1)).contains("b0").hasSize(BATCH);
    answers.get(1).complete();
    assertThat(Waiting.on(late)).isEqualTo("b0");
  }

  @Test
  void eachTenantsItemsGoInTheirOrderAndNoneIsLost() {
    List<Future<String>> all = Stream.of(add("a", 9), add("b", 5), add("c", 2)).flatMap(List::stream).toList();
    answerAll();
    assertThat(sent.stream().flatMap(List::stream).filter(item -> item.startsWith("a")))
        .containsExactlyElementsOf(IntStream.range(0, 9).mapToObj(i -> "a" + i).toList());
    assertThat(all).allMatch(Future::succeeded);
    assertThat(all.stream().map(Future::result)).doesNotHaveDuplicates().hasSize(16);
    assertThat(batcher.waiting()).isZero();
  }

  @Test
  void onlyItemsOfOneGroupShareAStatement() {
    List<Future<String>> all = Stream.of(add("a", 2), add("B", 3), add("c", 2)).flatMap(List::stream).toList();
    answerAll();
    assertThat(sent).hasSize(3).allSatisfy(batch ->
        assertThat(batch.stream().map(item -> new Cases().group(item.charAt(0))).distinct()).hasSize(1));
    assertThat(all.stream().map(Future::result)).doesNotHaveDuplicates().hasSize(7);
  }

  @Test
  void aPlaceThatDoesNotAnswerHoldsUpAndFailsNoOther() {
    List<Future<String>> away = add("1", WAITING);
    List<Future<String>> others = add("a", 5);
    assertThat(away.stream().filter(Future::failed)).as("its waiting room is full").isNotEmpty();
    assertThat(others).noneMatch(Future::failed);
    answers.get(1).complete();
    watch.goOn();
    answers.get(0).fail(new TimeoutException("away"));
    assertThat(away).allMatch(Future::failed);
    assertThat(others.get(0).succeeded()).isTrue();
    answers.get(2).complete();
    assertThat(others).allMatch(Future::succeeded);
    assertThat(batcher.waiting()).isZero();
  }

  @Test
  void whenTooManyWaitWhoFloodsIsRefusedAndTheOthersAreNot() {
    List<Future<String>> flood = add("a", WAITING + 10);
    assertThat(flood.stream().filter(Future::failed).map(Future::cause))
        .hasSize(9 + WAITING - SHARE).allSatisfy(e -> assertThat(FailureException.of(e).failure().code()).isEqualTo("UNAVAILABLE"));
    List<Future<String>> modest = add("b", 3);
    assertThat(modest).noneMatch(Future::failed);
    answerAll();
    assertThat(modest).allMatch(Future::succeeded);
    assertThat(flood.stream().filter(Future::succeeded)).hasSize(1 + SHARE);
  }

  @Test
  void thereIsABoundForAllTenantsTogether() {
    List<Future<String>> all = IntStream.range('a', 'a' + 5 * WAITING).mapToObj(i -> add("" + (char) i)).toList();
    assertThat(all.stream().filter(Future::failed)).hasSize(5 * WAITING - WAITING - 1);
    assertThatThrownBy(() -> Waiting.on(all.get(all.size() - 1))).isInstanceOf(FailureException.class);
  }

  @Test
  void whoWaitsBehindAStatementThatWasNotAnsweredInTimeHasWaitedAsLong() {
    List<Future<String>> all = add("a", 15);
    answers.get(0).fail(new TimeoutException());
    assertThat(all).allMatch(Future::failed);
    assertThat(batcher.waiting()).isZero();
    List<Future<String>> later = add("a", 1);
    answers.get(1).complete();
    assertThat(later).allMatch(Future::succeeded);
  }

  private static PgException error(String state) {
    return new PgException("message", "ERROR", state, null);
  }

  @Test
  void anErrorOfTheInfrastructureFailsABatchInOneStatement() {
    for (String state : List.of("42P01", "53100", "25006", "40001", "XX000")) {
      List<Future<String>> all = add("a", 1 + BATCH); // one, and a batch
      answers.get(answers.size() - 1).complete();
      int before = sent.size();
      answers.get(answers.size() - 1).fail(error(state));
      assertThat(sent).as(state).hasSize(before);
      assertThat(all.stream().filter(Future::failed)).hasSize(BATCH);
      watch.goOn();
    }
  }

  @Test
  void anItemThatIsToBlameFailsAlone() {
    List<Future<String>> all = add("a", 1 + BATCH);
    answers.get(0).complete();
    for (int i = 1; i < answers.size(); i++) {
      if (sent.get(i).contains("a3")) {
        answers.get(i).fail(error("22001"));
      } else {
        answers.get(i).complete();
      }
    }
    assertThat(all.get(3).failed()).isTrue();
    assertThat(all.stream().filter(Future::succeeded)).hasSize(BATCH);
    assertThat(sent).as("one, the batch, and twice as many as it takes to halve it").hasSize(2 + 2 * 2);
  }

  @Test
  void whoIsAloneNeverWaits() {
    for (int i = 0; i < 3; i++) {
      add("a" + i);
      assertThat(sent).hasSize(i + 1);
      watch.pass(MOST);
      answers.get(i).complete();
    }
    assertThat(watch.pauses).isEmpty();
  }

  @Test
  void whatComesInOneTurnSharesAStatement() {
    List<Future<String>> all = IntStream.range(0, BATCH - 1).mapToObj(i -> batcher.add("a" + i)).toList();
    assertThat(sent).isEmpty();
    watch.turn();
    assertThat(sent).containsExactly(List.of("a0", "a1", "a2"));
    answers.get(0).complete();
    assertThat(all).allMatch(Future::succeeded);
    assertThat(watch.pauses).isEmpty();
  }

  @Test
  void whereItemsComeWhileOthersAreUnderWayTheNextStatementWaitsForMore() {
    add("a", 2); // one, and another meanwhile
    watch.pass(Duration.ofMillis(1));
    answers.get(0).complete();
    add("a2");
    assertThat(sent).hasSize(1);
    assertThat(watch.paused).as("until twice the time that the last one took").containsExactly(1_000_000L);
    watch.goOn();
    assertThat(sent.get(1)).containsExactly("a1", "a2");
  }

  @Test
  void howLongTheNextOneWaitsHasABound() {
    add("a", 2);
    watch.pass(Duration.ofMillis(3));
    answers.get(0).complete();
    assertThat(watch.paused).containsExactly(1_000_000L);
    watch.goOn();
    add("a2");
    watch.pass(MOST);
    answers.get(1).complete();
    assertThat(sent).as("it has waited as long behind the one before").hasSize(3);
  }

  @Test
  void whoIsAloneAgainNoLongerWaits() {
    add("a", 2);
    watch.pass(MOST);
    answers.get(0).complete();
    watch.pass(MOST);
    answers.get(1).complete();
    watch.pass(Duration.ofMillis(1));
    add("a2");
    assertThat(sent).hasSize(3);
    assertThat(watch.pauses).isEmpty();
  }

  @Test
  void whatIsEnoughForAStatementDoesNotWait() {
    add("a", 2);
    watch.pass(Duration.ofMillis(1));
    answers.get(0).complete();
    List<Future<String>> enough = add("b", BATCH - 1);
    assertThat(sent.get(1)).hasSize(BATCH);
    watch.goOn(); // nothing waits any more
    answers.get(1).complete();
    assertThat(enough).allMatch(Future::succeeded);
    assertThat(sent).hasSize(2);
  }

  @Test
  void whatNobodyWaitsForAlwaysGathers() {
    Batcher.Pace leisurely = new Batcher.Pace(Duration.ofMillis(50), Duration.ofMillis(50), BATCH);
    Batcher<String, String> results = new Batcher<>(watch, 1, BATCH, WAITING, leisurely, item -> item.charAt(0), new Cases(),
        batch -> {
          sent.add(batch);
          return Future.succeededFuture(batch);
        });
    for (int i = 0; i < 3; i++) {
      results.add("a" + i);
      watch.turn();
      watch.pass(Duration.ofMillis(10));
    }
    assertThat(sent).as("the first has nothing to gather with").containsExactly(List.of("a0"));
    assertThat(watch.paused).containsExactly(Duration.ofMillis(40).toNanos());
    watch.goOn();
    assertThat(sent.get(1)).containsExactly("a1", "a2");
  }
}
