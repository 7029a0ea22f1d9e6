package io.keyhook.attempt;

import static io.keyhook.attempt.AttemptError.CONNECTION_REFUSED;
import static io.keyhook.attempt.AttemptError.DNS_FAILURE;
import static io.keyhook.attempt.AttemptError.TARGET_REFUSED;
import static io.keyhook.attempt.AttemptError.TIMEOUT;
import static io.keyhook.attempt.AttemptError.TLS_FAILURE;

/** What goes wrong before a receiver has read a request, and the error that the attempt must have; null: none. */
enum NetworkFault {
  NOT_LISTENING("does not listen", CONNECTION_REFUSED),
  NO_ROUTE("has an address without a route to it", AttemptError.NO_ROUTE),
  SYN_DROPPED("ignores the connection request (SYN dropped)", TIMEOUT),
  NO_ADDRESS("has a host name without an address", DNS_FAILURE),
  NXDOMAIN("has a host name that does not exist (NXDOMAIN)", DNS_FAILURE),
  SERVFAIL("has a name server that fails (SERVFAIL)", DNS_FAILURE),
  DNS_REFUSED("has a name server that refuses the query", DNS_FAILURE),
  DNS_SILENT("has a name server that does not respond", DNS_FAILURE),
  DNS_JUNK("has a name server that sends junk", DNS_FAILURE),
  DNS_SLOW("has a name server that takes longer than the timeout", TIMEOUT),
  DNS_NOT_PUBLIC("has a host name with an address that is not public, even one of several", TARGET_REFUSED),
  TLS_EXPIRED("has a certificate that has expired", TLS_FAILURE),
  TLS_SELF_SIGNED("has a self-signed certificate", TLS_FAILURE),
  TLS_OTHER_NAME("has a certificate for another host name", TLS_FAILURE),
  TLS_UNKNOWN_ISSUER("has a certificate from an unknown issuer", TLS_FAILURE),
  TLS_NONE("does not speak TLS", TLS_FAILURE),
  TLS_OLD("supports TLS 1.0 at most", TLS_FAILURE),
  TLS_CUT("breaks off the handshake", TLS_FAILURE),
  TLS_HANGS("hangs in the handshake", TIMEOUT),
  SOME_ADDRESSES_DEAD("has several addresses, some of them dead", null);

  private final String receiver;
  private final AttemptError error;

  NetworkFault(String receiver, AttemptError error) {
    this.receiver = receiver;
    this.error = error;
  }

  /** After "your endpoint". */
  String receiver() {
    return receiver;
  }

  boolean waitsForNames() {
    return this == DNS_SILENT || this == DNS_JUNK;
  }

  AttemptError error() {
    return error;
  }
}
