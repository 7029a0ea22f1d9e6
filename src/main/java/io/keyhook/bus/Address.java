package io.keyhook.bus;

import java.time.Duration;

/**
 * The address of the messages of one use case.
 *
 * @param <Q> the request
 * @param <A> the response
 * @param timeout how long a request waits for its response
 */
public record Address<Q, A>(String name, Duration timeout) {
  /** Longer than the limit of a statement, and shorter than a client waits. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(15);

  public Address(String name) {
    this(name, DEFAULT_TIMEOUT);
  }
}
