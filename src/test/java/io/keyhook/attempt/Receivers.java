package io.keyhook.attempt;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Script;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Receivers with and without TLS, and a sender that trusts them: for tests of what becomes of their connections. */
final class Receivers implements BeforeAllCallback, AfterAllCallback {
  enum Kind { PLAIN, TLS }

  private final Duration timeout;
  private Certificates certificates;
  private SenderRig rig;

  /** With a short time for each attempt. */
  Receivers() {
    this(SenderRig.TIMEOUT);
  }

  Receivers(Duration timeout) {
    this.timeout = timeout;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    certificates = Certificates.make();
    rig = certificates.rig(timeout);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    rig.close();
  }

  SenderRig rig() {
    return rig;
  }

  RawReceiver start(Kind kind, Script script) {
    return kind == Kind.PLAIN ? new RawReceiver(script) : new RawReceiver(script, certificates.good());
  }

  CompletableFuture<Attempt> send(UUID account, RawReceiver receiver) {
    return rig.send(account, receiver.url(Certificates.HOST));
  }

  CompletableFuture<Attempt> send(UUID account, RawReceiver receiver, String deliveryId) {
    return rig.send(account, receiver.url(Certificates.HOST), deliveryId);
  }

  CompletableFuture<Attempt> send(UUID account, RawReceiver receiver, String path, String deliveryId) {
    return rig.send(account, receiver.url(Certificates.HOST, path), deliveryId);
  }

  Attempt attempt(UUID account, RawReceiver receiver) {
    return rig.ended(send(account, receiver));
  }

  static String ok(String body) {
    return answer("200 OK", body);
  }

  static String answer(String status, String body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }
}
