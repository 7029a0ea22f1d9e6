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
  private final int tlsPort;
  private final boolean https;

  /** @param https whether {@link #url} is one of HTTPS */
  Receivers(Child child, boolean https) throws IOException {
    this.child = child;
    this.https = https;
    String[] ports = child.hear().split(" ");
    this.port = Integer.parseInt(ports[0]);
    this.tlsPort = Integer.parseInt(ports[1]);
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
    return https ? secureUrl(path) : plainUrl(path);
  }

  /** The same over HTTP, whatever the run is told. */
  public String plainUrl(String path) {
    return "http://127.0.0.1:" + port + "/" + path;
  }

  /** The same over HTTPS, whatever the run is told. */
  public String secureUrl(String path) {
    return secureUrl(tlsPort, path);
  }

  /** The same at another port, which {@link #hosts} gave. */
  public String secureUrl(int port, String path) {
    return "https://127.0.0.1:" + port + "/" + path;
  }

  /** Listens for HTTPS on so many more ports. */
  public List<Integer> hosts(int count) throws IOException, InterruptedException {
    return Http.send("POST", plainUrl("hosts"), null, new JsonObject().put("count", count)).expect(200).json()
        .getJsonArray("ports").stream().map(port -> (Integer) port).toList();
  }

  /** How long a bare client takes for a request to each of these ports on a connection of its own, in seconds. */
  public double handshakes(List<Integer> ports) throws IOException, InterruptedException {
    return Http.send("POST", plainUrl("handshakes"), null, new JsonObject().put("ports", new JsonArray(ports))).expect(200)
        .json().getDouble("seconds");
  }

  /** How many connections were made to {@link #secureUrl(String)} since {@link #reset}. */
  public long connections() throws IOException, InterruptedException {
    return Http.send("GET", plainUrl("connections/one"), null, null).expect(200).json().getLong("made");
  }

  /** Closes all connections to {@link #secureUrl(String)}, as a restart does. */
  public void disconnect() throws IOException, InterruptedException {
    Http.send("DELETE", plainUrl("connections/one"), null, null).expect(200);
  }

  /** Closes all connections to the {@link #hosts}. */
  public void disconnectHosts() throws IOException, InterruptedException {
    Http.send("DELETE", plainUrl("connections/more"), null, null).expect(200);
  }

  public Stats stats(String kind) throws IOException, InterruptedException {
    JsonObject json = Http.send("GET", plainUrl("stats/" + kind), null, null).expect(200).json();
    return new Stats(json.getLong("requests"), json.getLong("unique"), json.getLong("retries"), json.getLong("waiting"),
        json.getLong("peakWaiting"), json.getDouble("seconds"), Delays.of(json.getJsonObject("expired")));
  }

  public void reset() throws IOException, InterruptedException {
    Http.send("DELETE", plainUrl("stats"), null, null).expect(200);
  }

  /** Of the validations that a load was told to have been accepted, how many raised no event that came. */
  public long missing(String kind, LoadGenerator.Result accepted) throws IOException, InterruptedException {
    return Http.send("POST", plainUrl("missing"), null, new JsonObject()
        .put("kind", kind).put("first", accepted.first()).put("accepted", accepted.accepted()))
        .expect(200).json().getLong("missing");
  }

  /** Sends so many validations of the accounts' licenses, over so many connections, and times them as {@link #openLoop}. */
  public JsonObject burst(Lab lab, Installation installation, int total, int connections, Duration drain,
      List<Installation.Account> accounts, int licenses) throws IOException, InterruptedException {
    return Http.send("POST", plainUrl("open-loop"), null, new JsonObject()
        .put("port", installation.port())
        .put("first", lab.sequences(total))
        .put("warmUpSeconds", 0)
        .put("seconds", 0)
        .put("drainSeconds", drain.toSeconds())
        .put("streams", new JsonArray().add(new JsonObject().put("name", "burst").put("rate", 0.0).put("total", total)
            .put("connections", connections).put("licenses", licenses)
            .put("keyPrefixes", new JsonArray(accounts.stream().map(Installation.Account::keyPrefix).toList())))))
        .expect(200).json().getJsonObject("burst");
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
    Answer answer = Http.send("POST", plainUrl("open-loop"), null, new JsonObject()
        .put("port", installation.port())
        .put("first", lab.sequences((int) Math.ceil(rate * (warmUpSeconds + seconds)) + streams.size()))
        .put("warmUpSeconds", warmUpSeconds)
        .put("seconds", seconds)
        .put("drainSeconds", drain.toSeconds())
        .put("streams", all));
    return answer.expect(200).json();
  }
}
