package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.KeyThreads;
import io.keyhook.testing.RawReceiver;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** Event loops compute no handshakes, which would delay everybody's deliveries. */
class OffLoopEngineTest {
  @Test
  void workersMakeTheKeysOfHandshakes() throws Exception {
    Certificates certificates = Certificates.make();
    try (KeyThreads threads = KeyThreads.watch()) {
      try (SenderRig rig = certificates.rig(); RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good())) {
        assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
      }
      assertThat(threads.names()).anyMatch(name -> name.contains("keyhook-handshakes"))
          .noneMatch(name -> name.contains("eventloop"));
    }
  }

  private static SSLEngine client() throws GeneralSecurityException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine("example.com", 443);
    engine.setUseClientMode(true);
    return engine;
  }

  private static SSLEngineResult wrap(SSLEngine engine) throws SSLException {
    return engine.wrap(ByteBuffer.allocate(0), ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
  }

  @Test
  void aHandshakeBeginsInATask() throws Exception {
    SSLEngine engine = new OffLoopEngine(client());
    engine.beginHandshake();
    assertThat(engine.getHandshakeStatus()).isEqualTo(HandshakeStatus.NEED_TASK);
    SSLEngineResult early = wrap(engine);
    assertThat(early.bytesProduced()).isZero();
    assertThat(early.getHandshakeStatus()).isEqualTo(HandshakeStatus.NEED_TASK);
    Runnable task = engine.getDelegatedTask();
    engine.beginHandshake();
    assertThat(engine.getDelegatedTask()).isNull();
    assertThat(engine.getHandshakeStatus()).isEqualTo(HandshakeStatus.NEED_TASK);
    task.run();
    assertThat(engine.getHandshakeStatus()).isEqualTo(HandshakeStatus.NEED_WRAP);
    assertThat(wrap(engine).bytesProduced()).isPositive();
  }

  @Test
  void aHandshakeThatCannotBeginFails() throws Exception {
    SSLEngine engine = new OffLoopEngine(client());
    engine.setEnabledProtocols(new String[0]);
    engine.beginHandshake();
    engine.getDelegatedTask().run();
    assertThatThrownBy(() -> wrap(engine)).isInstanceOf(SSLHandshakeException.class);
  }
}
