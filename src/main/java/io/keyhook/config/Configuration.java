package io.keyhook.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.JsonObject;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the validated {@link KeyhookOptions} of layers: the packed {@code conf/keyhook.json} with every key's default, and
 * what overrides it. Layers merge object by object, so that {@code plans} of an upper one change or add single plans, and
 * a plan that is null there is taken away.
 */
public final class Configuration {
  private static final String DEFAULTS = "keyhook.json";
  private static final Path USUAL_FILE = Path.of("conf", "keyhook.json");

  private Configuration() {}

  /**
   * The configuration of a process: defaults, then one file ({@code KEYHOOK_CONFIG}, or else the argument, or else
   * {@code ./conf/keyhook.json} where there is one), then a variable {@code KEYHOOK_...} for each key. Warns of unknown
   * {@code KEYHOOK_*} variables. Blocks, for it reads files.
   *
   * @param env the environment, as from {@link System#getenv()}
   * @param argument the file that the command line names
   * @throws ConfigurationException with every error that there is
   */
  public static KeyhookOptions load(Map<String, String> env, Optional<Path> argument) {
    return load(env, argument, Path.of("").toAbsolutePath());
  }

  /**
   * The configuration in a host application, without file and environment: defaults, then the host's overrides. Without
   * a {@code database.uri} among them, the database is the embedded one.
   *
   * @param overrides nested, with the keys of {@code conf/keyhook.json}; empty: all defaults
   * @throws ConfigurationException with every error that there is
   */
  public static KeyhookOptions of(JsonObject overrides) {
    return of(overrides, false);
  }

  /**
   * The same for a host that passes a pool of its own.
   *
   * @param externalDatabase that the database is not the embedded one, also where {@code database.uri} is not given: no
   *     secrets are generated then, and those that are needed must be among the overrides
   * @throws ConfigurationException with every error that there is
   */
  public static KeyhookOptions of(JsonObject overrides, boolean externalDatabase) {
    Errors errors = new Errors();
    JsonNode defaults = defaults();
    Settings settings = new Settings(new Keys(defaults), errors);
    settings.overlay(defaults, "default");
    try {
      settings.overlay(StrictJson.read(overrides.encode()), "options");
    } catch (EncodeException | JsonProcessingException e) {
      errors.add("options: contain a value that is not JSON, must be objects, arrays, strings, numbers, booleans and null");
    }
    return new OptionsReader(settings, errors, Path.of("").toAbsolutePath()).read(externalDatabase);
  }

  static KeyhookOptions load(Map<String, String> env, Optional<Path> argument, Path workingDirectory) {
    Errors errors = new Errors();
    JsonNode defaults = defaults();
    Settings settings = new Settings(new Keys(defaults), errors);
    settings.overlay(defaults, key -> "default; to set: " + key.variable());
    Environment environment = new Environment(env, workingDirectory);
    file(environment, argument, workingDirectory, settings, errors);
    environment.overlay(settings, errors);
    return new OptionsReader(settings, errors, workingDirectory).read(false);
  }

  private static void file(
      Environment environment, Optional<Path> argument, Path workingDirectory, Settings settings, Errors errors) {
    Optional<String> variable = environment.get(Environment.CONFIG);
    if (variable.isPresent()) {
      read(variable.get(), "named by " + Environment.CONFIG, workingDirectory, settings, errors);
    } else if (argument.isPresent()) {
      read(argument.get().toString(), "named by the argument", workingDirectory, settings, errors);
    } else if (Files.exists(workingDirectory.resolve(USUAL_FILE))) {
      read(USUAL_FILE.toString(), "read if it exists", workingDirectory, settings, errors);
    }
  }

  private static void read(String name, String reason, Path workingDirectory, Settings settings, Errors errors) {
    try {
      settings.overlay(StrictJson.read(Files.readAllBytes(workingDirectory.resolve(name))), name);
    } catch (JsonProcessingException e) {
      errors.add(name, reason, "has " + StrictJson.describe(e) + ", must be a JSON object without repeated keys");
    } catch (NoSuchFileException e) {
      errors.add(name, reason, "does not exist, must be a JSON file");
    } catch (IOException | InvalidPathException e) {
      errors.add(name, reason, "cannot be read (" + e.getClass().getSimpleName() + "), must be a JSON file");
    }
  }

  private static JsonNode defaults() {
    try (InputStream stream = Configuration.class.getResourceAsStream(DEFAULTS)) {
      if (stream == null) {
        throw new FileNotFoundException(DEFAULTS + " on the class path");
      }
      return StrictJson.read(stream.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
