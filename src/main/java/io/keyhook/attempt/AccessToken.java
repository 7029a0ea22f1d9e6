package io.keyhook.attempt;

import io.keyhook.bus.ClientCredentials;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An access token and how long it is used. Belongs to one event loop. */
final class AccessToken {
  /** It is not used up to its end, which may come while a request is under way. */
  private static final Duration MARGIN = Duration.ofSeconds(30);
  /** Of a short lifetime, the margin is this part. */
  private static final int PART = 10;
  /** How old a token is at least that is replaced because an endpoint refuses it: one that refuses all gets few. */
  static final Duration MIN_AGE = Duration.ofSeconds(10);

  private final ExtraHeaders headers;
  private final long requestedNanos;
  private final long usableNanos;
  private boolean refused;

  /**
   * @param client whose secret is not to be logged either
   * @param requestedNanos when the request for it began: what its lifetime counts from
   */
  AccessToken(String token, ClientCredentials client, long requestedNanos, Duration lifetime) {
    this.headers = ExtraHeaders.of(Map.of("Authorization", "Bearer " + token), List.of(token, client.clientSecret()));
    this.requestedNanos = requestedNanos;
    Duration part = lifetime.dividedBy(PART);
    this.usableNanos = lifetime.minus(part.compareTo(MARGIN) < 0 ? part : MARGIN).toNanos();
  }

  /** Returns the header that carries it. */
  ExtraHeaders headers() {
    return headers;
  }

  /** The endpoint did not accept it. */
  void refuse() {
    refused = true;
  }

  boolean isUsable(long now) {
    long age = now - requestedNanos;
    return age < usableNanos && !(refused && age >= MIN_AGE.toNanos());
  }
}
