package io.keyhook.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layer of environment variables. A blank one is as one that is not set, since container platforms pass on what they
 * have no value for as empty; {@code null} takes away a file's optional string.
 */
final class Environment {
  static final String CONFIG = "KEYHOOK_CONFIG";

  private static final Logger log = LoggerFactory.getLogger(Environment.class);

  private final Map<String, String> variables;
  private final Path workingDirectory;

  Environment(Map<String, String> variables, Path workingDirectory) {
    this.variables = variables;
    this.workingDirectory = workingDirectory;
  }

  Optional<String> get(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  void overlay(Settings settings, Errors errors) {
    for (Key key : settings.keys().all()) {
      Optional<String> file = key.isSecret() ? get(key.fileVariable()) : Optional.empty();
      Optional<String> value = get(key.variable());
      if (file.isPresent() && value.isPresent()) {
        errors.add(key.path(), key.variable(), "is set together with " + key.fileVariable() + "; set only one of them");
      }
      file.ifPresent(path -> secret(key, path, settings, errors));
      value.ifPresent(text -> value(key, text, settings, errors));
    }
    warnOfUnknown(settings.keys());
  }

  private void value(Key key, String text, Settings settings, Errors errors) {
    if (key.kind() == Kind.OPTIONAL_STRING && text.equals("null")) {
      settings.set(key, NullNode.getInstance(), key.variable());
    } else if (key.kind().isPlain()) {
      settings.set(key, TextNode.valueOf(text), key.variable());
    } else {
      json(key, text, key.variable(), settings, errors);
    }
  }

  private void json(Key key, String text, String origin, Settings settings, Errors errors) {
    try {
      JsonNode value = StrictJson.read(text);
      if (key.kind() == Kind.PLANS) {
        settings.overlayPlans(value, origin);
      } else {
        settings.set(key, value, origin);
      }
    } catch (JsonProcessingException e) {
      errors.add(key.path(), origin,
          "is " + key.show(TextNode.valueOf(text)) + " (" + StrictJson.describe(e) + "), must be " + key.kind());
      settings.setInvalid(key, origin);
    }
  }

  private void secret(Key key, String path, Settings settings, Errors errors) {
    // The path is not shown: where it is none, it may be the secret itself.
    try {
      String secret = Files.readString(workingDirectory.resolve(path)).replaceAll("[\\r\\n]+$", "");
      if (!secret.isEmpty()) {
        if (key.kind().isPlain()) {
          settings.set(key, TextNode.valueOf(secret), key.fileVariable());
        } else {
          json(key, secret, key.fileVariable(), settings, errors);
        }
        return;
      }
      errors.add(key.path(), key.fileVariable(), "names an empty file, must name one that holds the secret");
    } catch (IOException | IllegalArgumentException e) {
      errors.add(key.path(), key.fileVariable(), "must name a readable UTF-8 file that holds the secret ("
          + e.getClass().getSimpleName() + ")");
    }
    settings.setInvalid(key, key.fileVariable());
  }

  private void warnOfUnknown(Keys keys) {
    Set<String> known = new TreeSet<>(Set.of(CONFIG));
    keys.all().forEach(key -> {
      known.add(key.variable());
      if (key.isSecret()) {
        known.add(key.fileVariable());
      }
    });
    variables.keySet().stream().filter(name -> name.startsWith("KEYHOOK_") && !known.contains(name)).sorted()
        .forEach(name -> log.warn("{} is not a known setting, and is ignored{}", name,
            Spelling.nearest(name, known).map(nearest -> "; did you mean " + nearest + "?").orElse("")));
  }
}
