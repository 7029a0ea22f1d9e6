package io.keyhook.trace;

/** A piece of work that is being recorded, until it ends. Any thread. */
public interface Span {
  /** Records nothing. */
  Span NONE = new Span() {
    @Override
    public String context() {
      return null;
    }

    @Override
    public Span with(String key, String value) {
      return this;
    }

    @Override
    public Span with(String key, long value) {
      return this;
    }

    @Override
    public void fail(String type) {}

    @Override
    public void end() {}
  };

  /** The context of what this work causes, as {@link Tracing} describes it; null: there is none. */
  String context();

  /**
   * Adds an attribute. Never a secret, a license key, or a URL with its path or query.
   *
   * @param value null: none is added
   */
  Span with(String key, String value);

  Span with(String key, long value);

  /**
   * Records that the work failed.
   *
   * @param type of the error, one of a few
   */
  void fail(String type);

  /** Ends the work. A second call does nothing. */
  void end();
}
