package io.keyhook.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;

/** The process of Hyperfoil. */
public final class LoadGenerator {
  private static final int TIMEOUT_MILLIS = 30_000;
  /** More than one machine does, for the sequence numbers. */
  private static final int MOST_RATE = 200_000;

  private final Child child;
  private final int connections;

  LoadGenerator(Child child, int connections) {
    this.child = child;
    this.connections = connections;
  }

  /**
   * How validations went; times in microseconds, of those answered 200, from when each was due.
   *
   * @param first the sequence number of the first
   * @param unavailable 503 with {@code Retry-After}
   * @param otherStatus neither that nor 200
   * @param unanswered timed out, or the connection failed
   * @param unsent not sent: too many were waiting, or the time was over before the last few were due
   * @param seconds from the first to the last answer, and no less than was ordered
   * @param accepted a bit set in base64 of those answered 200, by their place; null where it was not asked for
   */
  public record Result(int first, long due, long ok, long unavailable, long otherStatus, long unanswered, long unsent,
      double seconds, long p50, long p90, long p99, long p999, long max, String accepted) {

    /** Sent, and not answered 200. */
    public long errors() {
      return unavailable + otherStatus + unanswered;
    }

    /** Answered 200, a second. */
    public double throughput() {
      return ok / seconds;
    }
  }

  long pid() {
    return child.pid();
  }

  /** At a constant rate, whatever becomes of them. */
  public Result openLoop(Lab lab, Installation installation, Installation.Account account, int rate, int seconds)
      throws IOException {
    return openLoop(lab, List.of(installation), account, rate, seconds);
  }

  /** The same, sent to several nodes in turn. */
  public Result openLoop(Lab lab, List<Installation> nodes, Installation.Account account, int rate, int seconds)
      throws IOException {
    return run(lab, order(nodes, account, seconds).put("rate", rate), rate * seconds);
  }

  /** The same to one node on so many connections, with a list of what was accepted. */
  public Result openLoop(Lab lab, Installation installation, Installation.Account account, int rate, int seconds,
      int connections) throws IOException {
    return run(lab, order(List.of(installation), account, seconds).put("rate", rate)
        .put("connections", connections).put("accepted", true), rate * seconds);
  }

  /** As many as there can be, on as many connections as the settings say. */
  public Result closedLoop(Lab lab, Installation installation, Installation.Account account, int seconds)
      throws IOException {
    return closedLoop(lab, installation, account, seconds, connections);
  }

  /** The same, sent to several nodes in turn. */
  public Result closedLoop(Lab lab, List<Installation> nodes, Installation.Account account, int seconds)
      throws IOException {
    return closedLoop(lab, nodes, account, seconds, connections);
  }

  /** As many as there can be on so many connections. */
  public Result closedLoop(Lab lab, Installation installation, Installation.Account account, int seconds, int connections)
      throws IOException {
    return closedLoop(lab, List.of(installation), account, seconds, connections);
  }

  private Result closedLoop(Lab lab, List<Installation> nodes, Installation.Account account, int seconds, int connections)
      throws IOException {
    return run(lab, order(nodes, account, seconds).put("rate", 0)
        .put("users", connections).put("connections", connections), MOST_RATE * seconds);
  }

  private JsonObject order(List<Installation> nodes, Installation.Account account, int seconds) {
    return new JsonObject()
        .put("ports", new JsonArray(nodes.stream().map(Installation::port).toList()))
        .put("users", 0)
        .put("connections", connections)
        .put("timeoutMillis", TIMEOUT_MILLIS)
        .put("seconds", seconds)
        .put("keyPrefix", account.keyPrefix())
        .put("licenses", account.licenses())
        .put("accepted", false);
  }

  private Result run(Lab lab, JsonObject order, int most) throws IOException {
    int first = lab.sequences(most);
    JsonObject json = new JsonObject(child.ask(order.put("first", first).encode()));
    return new Result(first, json.getLong("due"), json.getLong("ok"), json.getLong("unavailable"),
        json.getLong("otherStatus"), json.getLong("unanswered"), json.getLong("unsent"), json.getDouble("seconds"), json.getLong("p50"),
        json.getLong("p90"), json.getLong("p99"), json.getLong("p999"), json.getLong("max"), json.getString("accepted"));
  }
}
