package io.keyhook.target;

/**
 * A webhook's name has no address now. Not a refusal: the attempt fails as {@code dns_failure} and is retried. Without
 * a stack trace.
 */
public final class UnresolvedTargetException extends RuntimeException {

  UnresolvedTargetException(String host) {
    super(host + " has no address", null, false, false);
  }
}
