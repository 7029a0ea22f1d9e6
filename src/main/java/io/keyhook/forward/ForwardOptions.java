package io.keyhook.forward;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The arguments of the command {@code listen}.
 *
 * @param forward where requests go
 * @param server the URL of a node, without a slash at its end
 * @param apiKey with the scope {@code webhooks}, or full access
 * @param events which the webhook receives
 * @param webhook the ID of an existing webhook; empty: one is created, and deleted at the end
 * @param secret of the webhook that is created; empty: a new one
 */
public record ForwardOptions(URI forward, URI server, String apiKey, List<String> events, Optional<String> webhook,
    Optional<String> secret) {
  /** How the command is called. */
  public static final String USAGE = """
      Usage: java -jar keyhook.jar listen --forward URL [OPTION...]
        --forward URL          where requests go, such as http://localhost:3000/hook
        --url URL              the Keyhook server; http://localhost:8080 by default
        --events LIST          event types, separated by commas; license.* by default
        --webhook ID           use this webhook, whose url is https://listen.keyhook.invalid/, and keep it
        --api-key-file FILE    read the API key from this file; otherwise from KEYHOOK_API_KEY
        --help                 print this
      KEYHOOK_WEBHOOK_SECRET sets the signing secret; without it, each start prints a new one.""";
  /** Asks for {@link #USAGE}. */
  public static final String HELP = "--help";

  private static final String FORWARD = "--forward";
  private static final String URL = "--url";
  private static final String EVENTS = "--events";
  private static final String WEBHOOK = "--webhook";
  private static final String API_KEY_FILE = "--api-key-file";
  private static final Set<String> NAMES = Set.of(FORWARD, URL, EVENTS, WEBHOOK, API_KEY_FILE);
  private static final String API_KEY_VARIABLE = "KEYHOOK_API_KEY";
  private static final String SECRET_VARIABLE = "KEYHOOK_WEBHOOK_SECRET";
  private static final Pattern ID = Pattern.compile("webhook_[0-9a-z]++");
  private static final int MAX_PORT = 65_535;
  private static final String DEFAULT_URL = "http://localhost:8080";
  private static final String DEFAULT_EVENTS = "license.*";

  /** Arguments that cannot be used. The message says which, and how to call the command. */
  public static final class UnusableException extends RuntimeException {
    private UnusableException(String problem) {
      super(problem + "\n" + USAGE, null, false, false);
    }
  }

  /**
   * Reads the arguments.
   *
   * @throws UnusableException an argument is unknown, missing, given twice or impossible, or there is no API key
   */
  public static ForwardOptions parse(List<String> arguments, Map<String, String> environment) {
    Map<String, String> given = new LinkedHashMap<>();
    for (Iterator<String> next = arguments.iterator(); next.hasNext(); ) {
      String name = next.next();
      if (!NAMES.contains(name)) {
        throw new UnusableException("\"" + name + "\" is not an option of listen.");
      }
      if (!next.hasNext()) {
        throw new UnusableException(name + " needs a value.");
      }
      if (given.put(name, next.next()) != null) {
        throw new UnusableException(name + " is given twice.");
      }
    }
    if (!given.containsKey(FORWARD)) {
      throw new UnusableException(FORWARD + " is required.");
    }
    if (given.containsKey(WEBHOOK) && given.containsKey(EVENTS)) {
      throw new UnusableException(EVENTS + " is for a new webhook; " + WEBHOOK + " names one that has its events.");
    }
    List<String> events = Stream.of(given.getOrDefault(EVENTS, DEFAULT_EVENTS).split(","))
        .map(String::strip).filter(event -> !event.isEmpty()).toList();
    if (events.isEmpty()) {
      throw new UnusableException(EVENTS + " names no event.");
    }
    if (given.containsKey(WEBHOOK) && !ID.matcher(given.get(WEBHOOK)).matches()) {
      throw new UnusableException(WEBHOOK + " is not the ID of a webhook, such as webhook_01jhsqk2v8g5a1d7r0x4n6t9qe.");
    }
    String server = given.getOrDefault(URL, DEFAULT_URL);
    return new ForwardOptions(url(FORWARD, given.get(FORWARD)),
        url(URL, server.endsWith("/") ? server.substring(0, server.length() - 1) : server), apiKey(given, environment), events,
        Optional.ofNullable(given.get(WEBHOOK)), variable(environment, SECRET_VARIABLE));
  }

  private static URI url(String option, String text) {
    try {
      URI url = URI.create(text);
      if (("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme())) && url.getHost() != null
          && url.getUserInfo() == null && url.getFragment() == null && url.getPort() <= MAX_PORT
          && (option.equals(FORWARD) || url.getQuery() == null)) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      // refused below
    }
    throw new UnusableException(option + " is not an http or https URL such as http://localhost:3000/hook.");
  }

  private static String apiKey(Map<String, String> given, Map<String, String> environment) {
    String file = given.get(API_KEY_FILE);
    try {
      return (file == null ? variable(environment, API_KEY_VARIABLE) : Optional.of(Files.readString(Path.of(file)).strip()))
          .filter(key -> !key.isEmpty() && key.chars().allMatch(c -> c > ' ' && c < 0x7f))
          .orElseThrow(() -> new UnusableException("There is no API key: set " + API_KEY_VARIABLE + ", or name a file with "
              + API_KEY_FILE + "."));
    } catch (IOException e) {
      throw new UnusableException("Cannot read the API key from " + file + ": " + e.getClass().getSimpleName() + ".");
    }
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).map(String::strip).filter(value -> !value.isEmpty());
  }

  /** Without secrets. */
  @Override
  public String toString() {
    return "ForwardOptions[forward=" + forward + ", server=" + server + "]";
  }
}
