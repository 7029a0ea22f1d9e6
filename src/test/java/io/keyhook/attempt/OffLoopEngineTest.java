package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.RawReceiver;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyPairGeneratorSpi;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** Event loops compute no handshakes, which would delay everybody's deliveries. */
class OffLoopEngineTest {
  /** Makes the keys of handshakes as Java does, and notes where. */
  private static final class Keys extends Provider {
    private final Queue<String> threads = new ConcurrentLinkedQueue<>();

    private Keys() {
      super("Keys", "1", "notes the threads that make keys");
      for (String algorithm : List.of("EC", "XDH", "X25519")) {
        putService(new Service(this, "KeyPairGenerator", algorithm, Generator.class.getName(), List.of(), Map.of()) {
          @Override
          public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
            try {
              return new Generator(KeyPairGenerator.getInstance(algorithm, "SunEC"), threads);
            } catch (GeneralSecurityException e) {
              throw new NoSuchAlgorithmException(e);
            }
          }
        });
      }
    }
  }

  private static final class Generator extends KeyPairGeneratorSpi {
    private final KeyPairGenerator generator;
    private final Queue<String> threads;

    private Generator(KeyPairGenerator generator, Queue<String> threads) {
      this.generator = generator;
      this.threads = threads;
    }

    @Override
    public void initialize(int bits, SecureRandom random) {
      generator.initialize(bits, random);
    }

    @Override
    public void initialize(AlgorithmParameterSpec parameters, SecureRandom random) throws InvalidAlgorithmParameterException {
      generator.initialize(parameters, random);
    }

    @Override
    public KeyPair generateKeyPair() {
      threads.add(Thread.currentThread().getName());
      return generator.generateKeyPair();
    }
  }

  @Test
  void workersMakeTheKeysOfHandshakes() throws Exception {
    Certificates certificates = Certificates.make();
    Keys keys = new Keys();
    Security.insertProviderAt(keys, 1);
    try (SenderRig rig = certificates.rig(); RawReceiver receiver = new RawReceiver(Fault.OK, certificates.good())) {
      assertThat(rig.ended(rig.send(receiver.url(Certificates.HOST))).succeeded()).isTrue();
    } finally {
      Security.removeProvider(keys.getName());
    }
    assertThat(keys.threads).anyMatch(thread -> thread.contains("keyhook-handshakes"))
        .noneMatch(thread -> thread.contains("eventloop"));
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
