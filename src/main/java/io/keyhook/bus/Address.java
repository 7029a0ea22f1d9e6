package io.keyhook.bus;

import java.time.Duration;

/**
 * Where the messages of one use case go.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 * @param timeout how long a request waits for its answer
 */
public record Address<Q, A>(String name, Duration timeout) {
  /** Longer than a statement is let run, shorter than a client waits. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(15);

  public Address(String name) {
    this(name, DEFAULT_TIMEOUT);
  }
}
