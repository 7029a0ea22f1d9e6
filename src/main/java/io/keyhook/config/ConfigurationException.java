package io.keyhook.config;

import java.util.List;

/** The configuration cannot be used. The message is all of {@link #errors()}, a line each; none holds a secret. */
public final class ConfigurationException extends RuntimeException {
  private final List<String> errors;

  /**
   * Creates the exception.
   *
   * @param errors as {@link #errors} returns them
   */
  public ConfigurationException(List<String> errors) {
    super(String.join("\n", errors));
    this.errors = List.copyOf(errors);
  }

  /** One line for each error, never empty: the key, where its value came from, what is wrong and what would be right. */
  public List<String> errors() {
    return errors;
  }
}
