package io.keyhook.testing;

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

/** Notes which threads of this JVM make the keys of TLS handshakes, until it is closed. */
public final class KeyThreads implements AutoCloseable {
  private final Queue<String> names = new ConcurrentLinkedQueue<>();
  private final Provider provider = new NotingProvider(names);

  private KeyThreads() {
    Security.insertProviderAt(provider, 1);
  }

  public static KeyThreads watch() {
    return new KeyThreads();
  }

  public List<String> names() {
    return List.copyOf(names);
  }

  @Override
  public void close() {
    Security.removeProvider(provider.getName());
  }

  /** Leaves the work to Java's own. */
  private static final class NotingProvider extends Provider {
    private NotingProvider(Queue<String> names) {
      super("KeyThreads", "1", "notes the threads that make keys");
      for (String algorithm : List.of("EC", "XDH", "X25519")) {
        putService(new Service(this, "KeyPairGenerator", algorithm, NotingGenerator.class.getName(), List.of(), Map.of()) {
          @Override
          public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
            try {
              return new NotingGenerator(KeyPairGenerator.getInstance(algorithm, "SunEC"), names);
            } catch (GeneralSecurityException e) {
              throw new NoSuchAlgorithmException(e);
            }
          }
        });
      }
    }
  }

  private static final class NotingGenerator extends KeyPairGeneratorSpi {
    private final KeyPairGenerator generator;
    private final Queue<String> names;

    private NotingGenerator(KeyPairGenerator generator, Queue<String> names) {
      this.generator = generator;
      this.names = names;
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
      names.add(Thread.currentThread().getName());
      return generator.generateKeyPair();
    }
  }
}
