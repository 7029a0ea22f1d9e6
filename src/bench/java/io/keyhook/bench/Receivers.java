package io.keyhook.bench;

import io.keyhook.bench.Http.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The process of the receivers, which also sends the validations whose events are timed. */
public final class Receivers {
  private final Child child;
  private final int port;

  Receivers(Child child) throws IOException {
    this.child = child;
    this.port = Integer.parseInt(child.hear());
  }

  /** What one kind of endpoint has got so far; {@code seconds} lie between the first and the last. */
  public record Stats(long requests, long unique, long retries, long waiting, long peakWaiting, double seconds,
      Delays expired) {}

  /** From {@code expiresAt} to the arrival of {@code license.expired}, in microseconds; 0 where none arrived. */
  public record Delays(long p50, long p99, long max) {
    private static Delays of(JsonObject json) {
      return new Delays(json.getLong("p50"), json.getLong("p99"), json.getLong("max"));
    }
  }

  /** Validations of accounts with so many licenses each, at a rate a second. */
  public record Stream(String name, double rate, List<Installation.Account> accounts, int licenses) {}

  long pid() {
    return child.pid();
  }

  /**
   * @param path such as {@code ok/one}: how it answers, and what tells it from others
   */
  public String url(String path) {
    return "http://127.0.0.1:" + port + "/" + path;
  }

  public Stats stats(String kind) throws IOException, InterruptedException {
    JsonObject json = Http.send("GET", url("stats/" + kind), null, null).expect(200).json();
    return new Stats(json.getLong("requests"), json.getLong("unique"), json.getLong("retries"), json.getLong("waiting"),
        json.getLong("peakWaiting"), json.getDouble("seconds"), Delays.of(json.getJsonObject("expired")));
  }

  public void reset() throws IOException, InterruptedException {
    Http.send("DELETE", url("stats"), null, null).expect(200);
  }

  /** Of the validations that a load was told to have been accepted, how many raised no event that came. */
  public long missing(String kind, LoadGenerator.Result accepted) throws IOException, InterruptedException {
    return Http.send("POST", url("missing"), null, new JsonObject()
        .put("kind", kind).put("first", accepted.first()).put("accepted", accepted.accepted()))
        .expect(200).json().getLong("missing");
  }

  /** Times validations and deliveries; see {@code OpenLoop} for what is in the answer, by the streams' names. */
  public JsonObject openLoop(Lab lab, Installation installation, int warmUpSeconds, int seconds, Duration drain,
      List<Stream> streams) throws IOException, InterruptedException {
    JsonArray all = new JsonArray();
    double rate = 0;
    for (Stream stream : streams) {
      rate += stream.rate;
      all.add(new JsonObject().put("name", stream.name).put("rate", stream.rate).put("licenses", stream.licenses)
          .put("keyPrefixes", new JsonArray(stream.accounts.stream().map(Installation.Account::keyPrefix).toList())));
    }
    Answer answer = Http.send("POST", url("open-loop"), null, new JsonObject()
        .put("port", installation.port())
        .put("first", lab.sequences((int) Math.ceil(rate * (warmUpSeconds + seconds)) + streams.size()))
        .put("warmUpSeconds", warmUpSeconds)
        .put("seconds", seconds)
        .put("drainSeconds", drain.toSeconds())
        .put("streams", all));
    return answer.expect(200).json();
  }
}
