package io.keyhook.target;

/**
 * None of this machine's name servers answers, whatever it is asked, or all of them fail. Says nothing about a webhook: the attempt fails as
 * {@code resolver_failure} and is not counted. Without a stack trace.
 */
public final class NoNameServerException extends RuntimeException {

  NoNameServerException() {
    super("no name server answers, or each responds with SERVFAIL", null, false, false);
  }
}
