package io.keyhook.trace;

import io.vertx.core.Future;
import java.util.List;
import java.util.function.Supplier;

/**
 * Starts spans. A context says which span caused something: it is the value of a {@code traceparent} header (W3C Trace
 * Context), so that it can be kept with an event and sent. Contexts are passed from hand to hand, with the item that they
 * belong to: work on several items is shared, and what is current on a thread then is the context of any one of them.
 * Any thread.
 *
 * @see <a href="https://www.w3.org/TR/trace-context/#traceparent-header">traceparent</a>
 */
public interface Tracing {
  /** Records nothing, and costs nothing. */
  Tracing OFF = new Tracing() {
    @Override
    public boolean isOn() {
      return false;
    }

    @Override
    public String current() {
      return null;
    }

    @Override
    public <T> T under(String context, Supplier<T> work) {
      return work.get();
    }

    @Override
    public Span start(Kind kind, String name, String cause, List<String> members) {
      return Span.NONE;
    }

    @Override
    public void hideQuery(String url) {}
  };

  /** On which side of a call a span is. */
  enum Kind { INTERNAL, CLIENT }

  /** Whether spans are recorded. */
  boolean isOn();

  /** The context of the caller's span; null: it has none. */
  String current();

  /**
   * Runs work whose {@link #current} context is this one, until the work returns.
   *
   * @param context null: none
   */
  <T> T under(String context, Supplier<T> work);

  /**
   * Starts a span.
   *
   * @param cause the context of the span that caused it; null: it is the first of its trace
   * @param members contexts of other spans that it works for
   */
  Span start(Kind kind, String name, String cause, List<String> members);

  /**
   * Removes the query string from the caller's span of a request, as Vert.x names it.
   *
   * @param url of the request, without its query string
   */
  void hideQuery(String url);

  /**
   * Carries out a statement for several items, as a span that belongs to the first recorded item and names all others.
   *
   * @param contexts of the items; null for an item that has none
   */
  default <T> Future<T> batch(String name, List<String> contexts, Supplier<Future<T>> statement) {
    List<String> recorded = contexts.stream().filter(Tracing::isRecorded).toList();
    if (recorded.isEmpty()) {
      return statement.get();
    }
    Span span = start(Kind.CLIENT, name, recorded.get(0), recorded.subList(1, recorded.size()))
        .with("db.system.name", "postgresql").with("db.operation.batch.size", contexts.size());
    return statement.get().onComplete(done -> {
      if (done.failed()) {
        span.fail(done.cause().getClass().getName());
      }
      span.end();
    });
  }

  /**
   * Whether the span of a context is recorded.
   *
   * @param context null: no
   */
  static boolean isRecorded(String context) {
    return context != null && (Character.digit(context.charAt(context.length() - 1), 16) & 1) == 1;
  }
}
