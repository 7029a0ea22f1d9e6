package io.keyhook;

import io.keyhook.account.ApiKeys;
import io.keyhook.account.RandomText;
import io.keyhook.bus.StopBudget;
import io.keyhook.bus.Version;
import io.keyhook.config.Configuration;
import io.keyhook.config.ConfigurationException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.LocalSecrets;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.EmbeddedServerException;
import io.keyhook.trace.Tracing;
import io.keyhook.forward.ForwardOptions;
import io.keyhook.forward.Forwarding;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process: configuration, an embedded PostgreSQL where no database is named, Vert.x, and Keyhook in it. Takes a
 * configuration file as its argument; {@code KEYHOOK_CONFIG} goes before it. With a {@link CommandLine.Command command}
 * before that, it carries out the command and ends.
 */
public final class Main {
  private static final Logger log;
  /** To close what is left once the stop's time is over. */
  private static final Duration CLOSING = Duration.ofSeconds(1);
  private static final String RENEGOTIATION = "jdk.tls.rejectClientInitiatedRenegotiation";
  private static final String LOG_LEVEL = "log.level";
  private static final int FAILED = 1;
  /** For arguments and a configuration that cannot be used, as most programs have it: another start changes nothing. */
  private static final int MISUSED = 2;
  private static final int PASSWORD_LENGTH = 20;
  private static final String FIRST_EMAIL = "owner@keyhook.local";

  static {
    // The process's, and not that of a host with the library on its class path.
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("logback.configurationFile", "io/keyhook/logback.xml");
    }
    // Events of Netty's allocator for Java Flight Recorder, which a start would wait 0.2 s for.
    if (System.getProperty("io.netty.jfr.enabled") == null) {
      System.setProperty("io.netty.jfr.enabled", "false");
    }
    // With one connection, a client could have handshakes computed without end (TLS 1.2).
    if (System.getProperty(RENEGOTIATION) == null) {
      System.setProperty(RENEGOTIATION, "true");
    }
    log = LoggerFactory.getLogger(Main.class);
  }

  private final KeyhookOptions configured;
  /** The same with what was generated. */
  private final KeyhookOptions options;
  private final boolean generatedPassword;
  private final boolean generatedKey;
  private final Optional<EmbeddedServer> embedded;
  private final Optional<TraceExport> traces;
  private final Vertx vertx;
  private final Keyhook keyhook;
  private final CompletableFuture<String> deployed = new CompletableFuture<>();

  private Main(KeyhookOptions configured, Optional<EmbeddedServer> embedded) {
    this.configured = configured;
    this.embedded = embedded;
    this.generatedPassword = configured.bootstrap().password().isEmpty();
    this.generatedKey = configured.bootstrap().apiKey().isEmpty();
    this.options = withFirstAccount(embedded.map(server -> onEmbedded(configured, server)).orElse(configured));
    int loops = Runtime.getRuntime().availableProcessors();
    this.traces = options.tracing().enabled() ? Optional.of(TraceExport.start(options.tracing())) : Optional.empty();
    VertxBuilder builder = Vertx.builder()
        .with(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(loops));
    traces.ifPresent(export -> builder.withTracer(export.ofVertx()));
    this.vertx = builder.build();
    this.vertx.exceptionHandler(e -> {
      OutOfMemory.check(e);
      log.error("Unhandled exception", e);
    });
    this.keyhook = new Keyhook(options, traces.map(TraceExport::tracing).orElse(Tracing.OFF));
  }

  public static void main(String[] args) {
    try {
      CommandLine line = CommandLine.parse(args);
      switch (line.command()) {
        case SERVE -> serve(line);
        case VERSION -> System.out.println("Keyhook " + Version.VERSION);
        case HELP -> System.out.println(CommandLine.USAGE);
        case LISTEN -> {
          if (line.operands().contains(ForwardOptions.HELP)) {
            System.out.println(ForwardOptions.USAGE);
          } else {
            System.exit(Forwarding.run(ForwardOptions.parse(line.operands(), System.getenv())) ? 0 : FAILED);
          }
        }
        default -> System.exit(run(line, configuration(line)) ? 0 : FAILED);
      }
    } catch (CommandLine.UsageException | ConfigurationException | ForwardOptions.UnusableException e) {
      System.err.println(e.getMessage());
      System.exit(MISUSED);
    } catch (EmbeddedServerException e) {
      System.err.println(e.getMessage());
      System.exit(FAILED);
    }
  }

  private static KeyhookOptions read(CommandLine line) {
    return Configuration.load(System.getenv(), line.file());
  }

  private static KeyhookOptions configuration(CommandLine line) {
    KeyhookOptions options = read(line);
    ProcessLog.configure(options.log());
    return options;
  }

  /** Carries out a command, and returns whether it succeeded. */
  private static boolean run(CommandLine line, KeyhookOptions options) {
    List<String> operands = line.operands();
    return switch (line.command()) {
      case MIGRATE -> Migrate.run(options);
      case DISTRIBUTE -> Distribute.run(options);
      case CHECK_CONFIG -> CheckConfig.run(options);
      case DOCTOR -> Doctor.run(options);
      case CREATE_ACCOUNT -> AccountCommands.create(options, operands.get(0), operands.get(1));
      case RESET_PASSWORD -> AccountCommands.resetPassword(options, operands.get(0));
      case ROTATE_MASTER_KEY -> RotateMasterKey.run(options);
      case BACKUP -> BackupCommands.backup(options, Path.of(operands.get(0)));
      case RESTORE -> BackupCommands.restore(options, Path.of(operands.get(0)));
      case MOVE_DATABASE -> BackupCommands.move(options);
      case SERVE, VERSION, HELP, LISTEN -> throw new IllegalArgumentException(line.command().name());
    };
  }

  private static void serve(CommandLine line) {
    HangUp hangUp = HangUp.watch();
    KeyhookOptions options = configuration(line);
    OutOfMemory.watchThreads();
    Optional<EmbeddedServer> embedded = options.database().uri().isPresent() ? Optional.empty()
        : Optional.of(EmbeddedServer.start(options.database().directory()));
    try {
      new Main(options, embedded).run(line, hangUp);
    } catch (RuntimeException e) {
      embedded.ifPresent(EmbeddedServer::close);
      throw e;
    }
  }

  private void run(CommandLine line, HangUp hangUp) {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "keyhook-stop"));
    vertx.deployVerticle(keyhook).onComplete(id -> {
      deployed.complete(id);
      log.info("Started {}", CheckConfig.summary(options));
      Reload reload = new Reload(configured, () -> read(line), this::reload);
      keyhook.control(new ProcessControl(reload));
      hangUp.then(reload::runAtSignal);
      greet();
      HeapTrim.ofThisProcess().ifPresent(heap -> vertx.setPeriodic(HeapTrim.INTERVAL_MILLIS, t -> heap.check()));
    }, e -> {
      // What the world outside refuses is said in one line; a stack trace would only hide it.
      log.error("Keyhook could not start: {}", e.getMessage(), e instanceof IOException ? null : e);
      deployed.completeExceptionally(e);
      new Thread(() -> System.exit(FAILED), "keyhook-exit").start();
    });
  }

  /** A level that was set while the process runs stays, unless the configuration has another one now. */
  private Set<String> reload(KeyhookOptions changed, Set<String> keys) {
    keyhook.reload(changed);
    return !keys.contains(LOG_LEVEL) || ProcessLog.level(changed.log().level()) ? Set.of() : Set.of(LOG_LEVEL);
  }

  /** Stops in order, within {@code http.drainDelay} and the time of {@link StopBudget}. */
  private void stop() {
    log.info("Stopping");
    try {
      if (!deployed.isCompletedExceptionally()) {
        deployed.thenCompose(id -> vertx.undeploy(id).toCompletionStage())
            .toCompletableFuture().get(options.http().drainDelay().plus(StopBudget.TOTAL).plus(CLOSING).toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      log.warn("Keyhook did not stop cleanly: {}", e.getMessage());
    }
    traces.ifPresent(TraceExport::close);
    embedded.ifPresent(EmbeddedServer::close);
    log.info("Stopped");
    ProcessLog.end();
  }

  static KeyhookOptions onEmbedded(KeyhookOptions options, EmbeddedServer server) {
    return LocalSecrets.complete(options, server.directory()).with(options.database().on(server.uri()));
  }

  private static KeyhookOptions withFirstAccount(KeyhookOptions options) {
    KeyhookOptions.Bootstrap first = options.bootstrap();
    SecureRandom random = new SecureRandom();
    return options.with(new KeyhookOptions.Bootstrap(first.email().or(() -> Optional.of(FIRST_EMAIL)),
        first.password().or(() -> Optional.of(RandomText.of(random, PASSWORD_LENGTH))),
        first.apiKey().or(() -> Optional.of(ApiKeys.generate(random))), first.plan()));
  }

  /** On the terminal, not in the log: it may hold what was generated, this one time. */
  private void greet() {
    boolean listens = keyhook.port() > 0;
    String host = options.http().host();
    String url = (options.http().tls().isPresent() ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":" + keyhook.port();
    StringBuilder text = new StringBuilder(listens
        ? "\nKeyhook listens on " + url + "; the API document is at " + url + "/openapi.json\n"
        : "\nKeyhook runs without an API: http.enabled is false\n");
    keyhook.firstAccount().ifPresent(account -> {
      KeyhookOptions.Bootstrap first = options.bootstrap();
      String key = generatedKey ? first.apiKey().orElseThrow() : "$KEYHOOK_BOOTSTRAP_API_KEY";
      text.append("\nThe first account was created, on the plan ").append(account.plan()).append(".");
      if (generatedPassword || generatedKey) {
        text.append(" The generated values are shown only once:");
      }
      text.append("\n\n  e-mail    ").append(account.email());
      if (generatedPassword) {
        text.append("\n  password  ").append(first.password().orElseThrow());
      }
      if (generatedKey) {
        text.append("\n  API key   ").append(key);
      }
      text.append("\n\nSend the API key in the header Authorization: Bearer."
          + " Log in to the dashboard with the e-mail and password.\n");
      if (listens) {
        text.append("\nCreate a license:\n\n  curl ").append(url)
            .append("/api/licenses -H \"Authorization: Bearer ").append(key)
            .append("\" \\\n    -H 'Content-Type: application/json' -d '{\"name\":\"My first license\"}'\n");
      }
    });
    System.out.println(text);
  }
}
