package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.target.Policies;
import io.keyhook.target.Resolver;
import io.keyhook.target.TargetPolicy;
import io.keyhook.testing.Waiting;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

/**
 * A {@link Sender} by itself: a short time for each attempt, one event loop, and by default one connection a receiver and account.
 * For connections that are kept, time passes only where a test says so, and after each attempt that it waits for.
 */
final class SenderRig implements AutoCloseable {
  static final Duration TIMEOUT = Duration.ofSeconds(2);
  static final Duration QUIET = Duration.ofMillis(Reuse.QUIET_MILLIS);
  private static final Duration LATE = Duration.ofMillis(250);
  private static final long BEAT_MILLIS = 10;
  private static final Signer SIGNER = new Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  private static final UUID ACCOUNT = UUID.randomUUID();

  enum Sockets { NATIVE, JAVA }

  private final Duration timeout;
  private final TargetPolicy policy;
  private final OutgoingProxy proxy;
  private final Vertx vertx;
  private final Context context;
  private final Sender sender;
  /** For how long the machine let nobody run: not to be blamed on an attempt. */
  private final AtomicLong stalledNanos = new AtomicLong();
  private final ScheduledExecutorService pulse = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong nanoTime = new AtomicLong();
  private final AtomicInteger unasked = new AtomicInteger();
  private final Uplink names = Egress.nameServers();
  private long lastBeat = System.nanoTime();

  /** As in production, but for targets that are not public. */
  SenderRig(Sockets sockets) {
    this(sockets, new VertxOptions(), SenderRig::resolver, Policies.insecure(), null);
  }

  /** As in production, but for the time of a probe, which ends before the attempt does. */
  static Resolver resolver(Vertx vertx, Egress egress) {
    return Resolver.of(vertx, TIMEOUT.dividedBy(5), TIMEOUT.dividedBy(2), egress.watch());
  }

  /** Whether its proxy works. */
  Uplink proxy() {
    return proxy.uplink();
  }

  /** Whether names can be resolved. */
  Uplink names() {
    return names;
  }

  /** With a short time for each attempt. */
  SenderRig(
      Sockets sockets, VertxOptions options, BiFunction<Vertx, Egress, Resolver> resolver, TargetPolicy policy,
      TrustOptions trust) {
    this(sockets, options, resolver, policy, trust, TIMEOUT);
  }

  /**
   * @param trust null: what Java trusts
   */
  SenderRig(
      Sockets sockets, VertxOptions options, BiFunction<Vertx, Egress, Resolver> resolver, TargetPolicy policy,
      TrustOptions trust, Duration timeout) {
    this(sockets, options, resolver, policy, trust, timeout, 1);
  }

  /**
   * @param connections of a receiver and account
   */
  SenderRig(
      Sockets sockets, VertxOptions options, BiFunction<Vertx, Egress, Resolver> resolver, TargetPolicy policy,
      TrustOptions trust, Duration timeout, int connections) {
    this(sockets, options, resolver, policy, trust, timeout, connections, null);
  }

  /**
   * @param proxy null: connections are direct
   */
  SenderRig(
      Sockets sockets, VertxOptions options, BiFunction<Vertx, Egress, Resolver> resolver, TargetPolicy policy,
      TrustOptions trust, Duration timeout, int connections, OutgoingProxy proxy) {
    this.timeout = timeout;
    this.proxy = proxy;
    this.policy = policy;
    vertx = Vertx.vertx(options.setEventLoopPoolSize(1).setPreferNativeTransport(sockets == Sockets.NATIVE));
    context = vertx.getOrCreateContext();
    Egress egress = new Egress(trust, proxy, names);
    sender = new Sender(vertx, resolver.apply(vertx, egress), policy, egress, timeout, connections, nanoTime::get,
        unasked::incrementAndGet);
    pulse.scheduleWithFixedDelay(this::beat, 0, BEAT_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void beat() {
    long now = System.nanoTime();
    long late = now - lastBeat - TimeUnit.MILLISECONDS.toNanos(2 * BEAT_MILLIS);
    lastBeat = now;
    if (late > 0) {
      stalledNanos.addAndGet(late);
    }
  }

  CompletableFuture<Attempt> send(String url) {
    return send(ACCOUNT, url);
  }

  CompletableFuture<Attempt> send(UUID accountId, String url) {
    return send(accountId, url, "delivery_1");
  }

  CompletableFuture<Attempt> send(UUID accountId, String url, String deliveryId) {
    return send(new EndpointSettings(accountId, 1, policy.check(url), SIGNER, List.of()), deliveryId);
  }

  /** With an access token. */
  CompletableFuture<Attempt> send(Grant grant, String url) {
    return send(grant, url, "delivery_1");
  }

  /** With an access token. */
  CompletableFuture<Attempt> send(Grant grant, String url, String deliveryId) {
    return send(new EndpointSettings(grant.accountId(), 1, policy.check(url), SIGNER, List.of(), ExtraHeaders.NONE, grant, null),
        deliveryId);
  }

  /** With a client certificate. */
  CompletableFuture<Attempt> send(UUID accountId, ClientIdentity identity, String url) {
    return send(new EndpointSettings(accountId, 1, policy.check(url), SIGNER, List.of(), ExtraHeaders.NONE, null, identity),
        "delivery_1");
  }

  private CompletableFuture<Attempt> send(EndpointSettings settings, String deliveryId) {
    CompletableFuture<Attempt> ended = new CompletableFuture<>();
    Message message =
        new Message(MultiMap.caseInsensitiveMultiMap().add("webhook-id", deliveryId), Buffer.buffer("{}"));
    context.runOnContext(v ->
        sender.send(settings, message).onComplete(ended::complete, ended::completeExceptionally));
    return ended.orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
  }

  /** Lets time pass for connections that are kept. */
  void pass(Duration time) {
    nanoTime.addAndGet(time.toNanos());
  }

  /** How often a receiver sent what no request had asked for. */
  int unasked() {
    return unasked.get();
  }

  /** Waits for the attempt, which must have kept to its time, and lets its connection be quiet for long enough. */
  Attempt ended(CompletableFuture<Attempt> running) {
    Attempt attempt = running.join();
    assertThat(attempt.duration()).isLessThanOrEqualTo(timeout.plus(LATE).plusNanos(stalledNanos.get()));
    pass(QUIET);
    Waiting.on(vertx.timer(1)); // behind what the event loop has been given, such as to forget a name that lives for 0 s
    return attempt;
  }

  @Override
  public void close() {
    pulse.shutdownNow();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    context.runOnContext(v -> {
      sender.close();
      closed.complete(null);
    });
    closed.orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS).join();
    Waiting.on(vertx.close());
  }
}
