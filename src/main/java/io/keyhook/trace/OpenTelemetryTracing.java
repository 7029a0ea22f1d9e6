package io.keyhook.trace;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.function.Supplier;

/** Records spans with an {@link OpenTelemetry} that its owner closes. Any thread. */
public final class OpenTelemetryTracing implements Tracing {
  private static final String VERSION = "00";
  /** Version, trace, span and flags, in hexadecimal, with dashes between. */
  private static final int LENGTH = 55;
  private static final int TRACE = 3;
  private static final int SPAN = 36;
  private static final int FLAGS = 53;

  private final Tracer tracer;

  /**
   * @param version of Keyhook
   */
  public OpenTelemetryTracing(OpenTelemetry openTelemetry, String version) {
    this.tracer = openTelemetry.tracerBuilder("io.keyhook").setInstrumentationVersion(version).build();
  }

  @Override
  public boolean isOn() {
    return true;
  }

  @Override
  public String current() {
    return text(io.opentelemetry.api.trace.Span.current().getSpanContext());
  }

  @Override
  public <T> T under(String context, Supplier<T> work) {
    return around(context).wrapSupplier(work).get();
  }

  @Override
  public Span start(Kind kind, String name, String cause, List<String> members) {
    SpanBuilder builder = tracer.spanBuilder(name)
        .setParent(around(cause))
        .setSpanKind(kind == Kind.CLIENT ? SpanKind.CLIENT : SpanKind.INTERNAL);
    members.forEach(member -> builder.addLink(read(member)));
    return new Recorded(builder.startSpan());
  }

  @Override
  public void hideQuery(String url) {
    io.opentelemetry.api.trace.Span.current().setAttribute("url.query", "(removed)").setAttribute("http.url", url);
  }

  private static Context around(String context) {
    return Context.root().with(io.opentelemetry.api.trace.Span.wrap(read(context)));
  }

  /**
   * Invalid, as the first span of a trace has it, for what is no context. Never remote: a sampler decides anew about a remote
   * parent, and Keyhook's contexts, also those that another node kept, are decided.
   */
  private static SpanContext read(String context) {
    return context == null || context.length() != LENGTH ? SpanContext.getInvalid()
        : SpanContext.create(context.substring(TRACE, SPAN - 1), context.substring(SPAN, FLAGS - 1),
            TraceFlags.fromHex(context, FLAGS), TraceState.getDefault());
  }

  private static String text(SpanContext context) {
    return context.isValid()
        ? VERSION + '-' + context.getTraceId() + '-' + context.getSpanId() + '-' + context.getTraceFlags().asHex() : null;
  }

  private record Recorded(io.opentelemetry.api.trace.Span span) implements Span {
    @Override
    public String context() {
      return text(span.getSpanContext());
    }

    @Override
    public Span with(String key, String value) {
      if (value != null) {
        span.setAttribute(key, value);
      }
      return this;
    }

    @Override
    public Span with(String key, long value) {
      span.setAttribute(key, value);
      return this;
    }

    @Override
    public void fail(String type) {
      span.setAttribute("error.type", type);
      span.setStatus(StatusCode.ERROR);
    }

    @Override
    public void end() {
      span.end();
    }
  }
}
