package io.keyhook.testing;

import io.keyhook.Keyhook;
import io.keyhook.config.Configuration;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;

/** One Keyhook in a Vert.x of its own, as a process would have it: it stops and starts while a test goes on. */
public final class Node {
  public static final String EMAIL = "owner@example.com";
  public static final String PASSWORD = "correct horse battery";
  public static final String API_KEY = "kh_0123456789abcdefghijABCDEFGHIJ0123456789";
  public static final String OPERATOR_KEY = "operator-key-of-the-tests-0123456789";
  public static final String JWT_SECRET = "jwt-secret-of-the-tests-0123456789abcdef";
  public static final String MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

  private final Vertx vertx;
  private final Keyhook keyhook;
  private final String deployment;
  private volatile boolean stopped;

  private Node(Vertx vertx, Keyhook keyhook, String deployment) {
    this.vertx = vertx;
    this.keyhook = keyhook;
    this.deployment = deployment;
  }

  /**
   * @param overrides laid over {@link #settings}, nested as in {@code conf/keyhook.json}
   */
  public static Node start(URI database, JsonObject overrides) {
    return start(database, overrides, BlockedThreads.options());
  }

  static Node start(URI database, JsonObject overrides, VertxOptions options) {
    return start(database, overrides, options, Waiting.LONG);
  }

  static Node start(URI database, JsonObject overrides, VertxOptions options, Duration atMost) {
    Vertx vertx = Vertx.vertx(options);
    Keyhook keyhook = new Keyhook(Configuration.of(settings(database).mergeIn(overrides, true)));
    try {
      return new Node(vertx, keyhook, Waiting.on(vertx.deployVerticle(keyhook), atMost));
    } catch (RuntimeException | Error e) {
      vertx.close();
      throw e;
    }
  }

  /** Any port, any target, no rate limit, every secret known, and an account on the plan enterprise. */
  public static JsonObject settings(URI database) {
    return new JsonObject()
        .put("http", new JsonObject().put("port", 0))
        .put("database", new JsonObject().put("uri", database.toString()))
        .put("bootstrap", new JsonObject().put("email", EMAIL).put("password", PASSWORD).put("apiKey", API_KEY)
            .put("plan", "enterprise"))
        .put("operator", new JsonObject().put("key", OPERATOR_KEY))
        .put("auth", new JsonObject().put("jwt", new JsonObject().put("secret", JWT_SECRET)))
        .put("secrets", new JsonObject().put("masterKey", MASTER_KEY))
        .put("validation", new JsonObject().put("rateLimit", 0))
        .put("delivery", new JsonObject().put("allowInsecureTargets", true));
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + keyhook.port());
  }

  /** As the first account, by its API key. */
  public Api api() {
    return Api.of(uri()).bearer(API_KEY);
  }

  /** As the owner of the first account, who has logged in. */
  public Api user() {
    return Api.of(uri()).bearer(Api.of(uri()).post("/api/auth/login", new JsonObject().put("email", EMAIL).put("password", PASSWORD))
        .expect(200).json().getString("token"));
  }

  public Api operator() {
    return Api.of(uri()).bearer(OPERATOR_KEY);
  }

  public Keyhook keyhook() {
    return keyhook;
  }

  public boolean isRunning() {
    return !stopped;
  }

  /** Stops it in order, as SIGTERM does. A second call does nothing. */
  public void stop() {
    if (!stopped) {
      stopped = true;
      Waiting.on(vertx.undeploy(deployment));
      Waiting.on(vertx.close());
    }
  }
}
