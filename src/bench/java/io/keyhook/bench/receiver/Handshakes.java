package io.keyhook.bench.receiver;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PfxOptions;

/** A bare client: what connections over TLS cost without Keyhook. It keeps none, and its sessions from run to run. */
final class Handshakes {
  private static final int AT_ONCE = 16;

  private final PfxOptions trusted;
  private HttpClient client;

  Handshakes(PfxOptions trusted) {
    this.trusted = trusted;
  }

  /** Sends a small request to each of these ports; the answer has the {@code seconds} that all of them took. */
  Future<JsonObject> run(Vertx vertx, JsonArray ports) {
    if (client == null) {
      client = vertx.createHttpClient(new HttpClientOptions().setSsl(true).setTrustOptions(trusted).setKeepAlive(false));
    }
    Promise<JsonObject> over = Promise.promise();
    Run run = new Run(ports, over);
    for (int i = 0; i < AT_ONCE; i++) {
      run.next();
    }
    return over.future();
  }

  private final class Run {
    private final long start = System.nanoTime();
    private final JsonArray ports;
    private final Promise<JsonObject> over;
    private int sent;
    private int answered;

    Run(JsonArray ports, Promise<JsonObject> over) {
      this.ports = ports;
      this.over = over;
    }

    void next() {
      if (sent < ports.size()) {
        client.request(new RequestOptions().setMethod(HttpMethod.POST).setHost("127.0.0.1")
                .setPort(ports.getInteger(sent++)).setURI("/ok/handshake"))
            .compose(request -> request.send("{}"))
            .compose(response -> response.end())
            .onComplete(done -> answered(), over::tryFail);
      }
    }

    private void answered() {
      if (++answered == ports.size()) {
        over.complete(new JsonObject().put("seconds", (System.nanoTime() - start) / 1e9));
      } else {
        next();
      }
    }
  }
}
