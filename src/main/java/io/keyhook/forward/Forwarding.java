package io.keyhook.forward;

import io.keyhook.bus.Listening;
import io.keyhook.forward.Server.RefusedException;
import io.keyhook.target.Target;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Forwards the requests of a webhook to an endpoint on this machine until it is closed, or the server refuses it for good.
 * {@link #run} blocks; {@link #close} is for any other thread.
 */
public final class Forwarding implements AutoCloseable {
  private static final int MAX_IN_FLIGHT = Listening.BATCH;
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final int SHOWN_BODY = 120;
  /** A terminal would obey them. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}]");

  private final ForwardOptions options;
  private final Consumer<String> out;
  private final Server server;
  private final LocalEndpoint endpoint;
  private final Semaphore room = new Semaphore(MAX_IN_FLIGHT);
  private final ExecutorService workers = Executors.newFixedThreadPool(MAX_IN_FLIGHT, work -> {
    Thread thread = new Thread(work, "keyhook-forward");
    thread.setDaemon(true);
    return thread;
  });
  /** Null: there is none yet. */
  private volatile String webhook;
  private volatile Thread running;
  private volatile boolean closed;

  /**
   * @param out takes each line for the terminal; called from several threads, one at a time
   */
  public Forwarding(ForwardOptions options, Consumer<String> out) {
    this.options = options;
    this.out = out;
    Http http = new Http();
    this.server = new Server(http, options.server(), options.apiKey());
    this.endpoint = new LocalEndpoint(http, options.forward());
  }

  /** Runs the command until the process ends, and returns whether it did what it should. */
  public static boolean run(ForwardOptions options) {
    Forwarding forwarding = new Forwarding(options, System.out::println);
    Thread closing = new Thread(forwarding::close, "keyhook-stop");
    Runtime.getRuntime().addShutdownHook(closing);
    return forwarding.run();
  }

  /** Returns whether it was closed; otherwise the server has refused, and the last line says why. */
  public boolean run() {
    running = Thread.currentThread();
    try {
      begin();
      listen();
    } catch (RefusedException e) {
      print("The server refused: " + e.getMessage());
      return false;
    } catch (IOException e) {
      print("Cannot reach " + options.server() + ": " + reason(e));
      return false;
    } catch (InterruptedException e) {
      // closed
    }
    return closed;
  }

  private void begin() throws IOException, InterruptedException, RefusedException {
    if (options.webhook().isPresent()) {
      webhook = server.get(options.webhook().get()).getString("id");
      print("Listening to " + webhook + " of " + options.server());
    } else {
      JsonObject created = server.create(options.events(), "keyhook listen on " + hostName(), options.secret().orElse(null));
      webhook = created.getString("id");
      print("Listening to " + String.join(", ", options.events()) + " of " + options.server());
      print("Signing secret: " + (options.secret().isPresent() ? "the one in KEYHOOK_WEBHOOK_SECRET" : created.getString("secret")));
    }
    print("Forwarding to " + options.forward() + "; press Ctrl+C to stop");
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "an unnamed machine";
    }
  }

  private void listen() throws InterruptedException, RefusedException {
    Duration wait = FIRST_WAIT;
    boolean lost = false;
    boolean early = true; // a connection may be called good before it has been listened to, once for each time that it was
    while (!closed) {
      try {
        if (lost && early) {
          server.get(webhook); // the response comes at once, where that to listening waits for a request
          print("Connected again");
          lost = false;
          early = false;
        }
        List<JsonObject> requests = server.listen(webhook);
        if (lost) {
          print("Connected again");
        }
        lost = false;
        early = true;
        wait = FIRST_WAIT;
        for (JsonObject request : requests) {
          room.acquire();
          workers.execute(() -> forward(request));
        }
      } catch (IOException | RefusedException e) {
        if (e instanceof RefusedException refused && !refused.isTemporary()) {
          throw refused;
        }
        if (!lost) {
          print("Lost the connection to " + options.server() + " (" + reason(e) + "); reconnecting");
        }
        lost = true;
        Thread.sleep(wait.toMillis());
        wait = wait.multipliedBy(2).compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait.multipliedBy(2);
      }
    }
  }

  private void forward(JsonObject request) {
    try {
      LocalTime at = LocalTime.now().truncatedTo(ChronoUnit.SECONDS);
      long begun = System.nanoTime();
      JsonObject response = endpoint.send(request.getJsonObject("headers").getMap(), request.getString("body"));
      long millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
      String problem = report(response.copy().put("requestId", request.getString("id")));
      print(line(at, request.getJsonObject("headers"), response, millis) + problem);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      room.release();
    }
  }

  /** Returns what to add to the line: nothing if the response is in the log. */
  private String report(JsonObject response) throws InterruptedException {
    try {
      server.respond(webhook, response);
      return "";
    } catch (RefusedException e) {
      return "  (not logged: " + e.getMessage() + ")";
    } catch (IOException e) {
      return "  (not logged: " + reason(e) + ")";
    }
  }

  private static String line(LocalTime at, JsonObject headers, JsonObject response, long millis) {
    Integer status = response.getInteger("statusCode");
    String attempt = header(headers, "X-Webhook-Attempt");
    String body = response.getString("body", "").strip().lines().findFirst().orElse("");
    return "%tT  %-20s %s  %s  %d ms".formatted(at, header(headers, "X-Webhook-Event"), header(headers, "webhook-id"),
        status == null ? response.getString("error") : status, millis)
        + (attempt.equals("1") ? "" : "  attempt " + attempt)
        + (body.isEmpty() ? "" : "  " + shown(body));
  }

  private static String shown(String body) {
    String text = CONTROL.matcher(body).replaceAll("?");
    return text.length() > SHOWN_BODY ? text.substring(0, SHOWN_BODY) + "..." : text;
  }

  private static String header(JsonObject headers, String name) {
    return headers.stream().filter(header -> header.getKey().equalsIgnoreCase(name)).map(header -> (String) header.getValue())
        .findFirst().orElse("");
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private synchronized void print(String line) {
    out.accept(line);
  }

  /** Stops forwarding, and deletes the webhook that was created. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (running != null) {
      running.interrupt();
    }
    workers.shutdownNow();
    if (webhook == null || options.webhook().isPresent()) {
      return;
    }
    try {
      server.delete(webhook);
      print("Stopped; the webhook is deleted");
    } catch (IOException | RefusedException e) {
      if (e instanceof RefusedException refused && refused.isNotFound()) {
        return; // somebody else has deleted it
      }
      print("Stopped, but the webhook " + webhook + " with the url " + Target.LISTENER + " remains: " + reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
