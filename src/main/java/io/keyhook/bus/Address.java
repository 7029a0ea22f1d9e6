package io.keyhook.bus;

/**
 * Where the messages of one use case go.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
public record Address<Q, A>(String name) {}
