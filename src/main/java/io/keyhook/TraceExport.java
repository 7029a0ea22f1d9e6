package io.keyhook;

import io.keyhook.bus.Version;
import io.keyhook.config.ConfigurationException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.trace.OpenTelemetryTracing;
import io.keyhook.trace.Tracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import io.vertx.core.spi.VertxTracerFactory;
import io.vertx.tracing.opentelemetry.OpenTelemetryTracingFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Exports the process's spans by OTLP over HTTP, as the settings {@code tracing.*} and the standard variables {@code OTEL_*} say.
 * At most 2,048 ended spans wait ({@code OTEL_BSP_MAX_QUEUE_SIZE}); more are dropped. Any thread.
 */
final class TraceExport {
  private static final String LOGGER = "io.opentelemetry";
  private static final int FLUSH_SECONDS = 2;
  /** The largest batch of validations. */
  private static final int MAX_LINKS = 256;
  private static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
  private static final String API = "/api/";
  private static final Pattern PROPERTY = Pattern.compile("\\botel(?:\\.[a-z_]{1,40}){1,8}");

  private final OpenTelemetrySdk sdk;

  private TraceExport(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
  }

  /**
   * Starts the exporter.
   *
   * @throws ConfigurationException a variable {@code OTEL_*} cannot be used
   */
  static TraceExport start(KeyhookOptions.Tracing options) {
    logWithKeyhook();
    List<String> credentials = new ArrayList<>();
    try {
      return new TraceExport(sdk(options, credentials));
    } catch (io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException e) {
      throw new ConfigurationException(List.of("tracing: cannot export traces: " + problem(e, credentials)
          + " Correct the variable OTEL_... of the environment, or set tracing.enabled to false"));
    }
  }

  /** In one line, with properties by the names of their variables and without credentials of the collector. */
  private static String problem(Throwable e, List<String> credentials) {
    String message = e.getCause() == null ? e.getMessage() : e.getMessage() + ": " + e.getCause().getMessage();
    for (String credential : credentials) {
      message = message.replace(credential, "***");
    }
    String named = PROPERTY.matcher(message).replaceAll(name -> name.group().replace('.', '_').toUpperCase(Locale.ROOT));
    return named.endsWith(".") ? named : named + ".";
  }

  /** Headers, and URLs with a user. */
  private static List<String> credentials(ConfigProperties variables) {
    return Stream.of("otel.exporter.otlp.", "otel.exporter.otlp.traces.").flatMap(group -> {
      String endpoint = variables.getString(group + "endpoint", "");
      return Stream.of(variables.getString(group + "headers", ""), endpoint.contains("@") ? endpoint : "");
    }).filter(value -> !value.isEmpty()).toList();
  }

  /**
   * Builds the SDK.
   *
   * @param credentials gets what no message may show
   */
  private static OpenTelemetrySdk sdk(KeyhookOptions.Tracing options, List<String> credentials) {
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(TraceExport::defaults)
        .addPropertiesCustomizer(variables -> {
          credentials.addAll(credentials(variables));
          return Map.of();
        })
        .addPropertiesCustomizer(variables -> options.endpoint().map(TraceExport::endpoint).orElse(Map.of()))
        .addTracerProviderCustomizer((provider, variables) -> provider
            .setSampler(new ApiSampler(byRatio(options.sampling())))
            .setSpanLimits(SpanLimits.builder().setMaxNumberOfLinks(MAX_LINKS).build()))
        .build().getOpenTelemetrySdk();
  }

  private static Map<String, String> defaults() {
    Map<String, String> values = new HashMap<>();
    values.put("otel.service.name", "keyhook");
    values.put("otel.resource.attributes", "service.version=" + Version.VERSION);
    values.put("otel.metrics.exporter", "none");
    values.put("otel.logs.exporter", "none");
    values.put("otel.exporter.otlp.protocol", "http/protobuf");
    values.put("otel.propagators", "tracecontext");
    return values;
  }

  private static Map<String, String> endpoint(URI base) {
    String url = base.toString();
    return Map.of("otel.exporter.otlp.traces.endpoint", (url.endsWith("/") ? url : url + "/") + "v1/traces");
  }

  /**
   * A caller's own decision to record a trace counts as often as the ratio says: validations are open to everyone, and a header
   * must not make Keyhook record all of them. Chance decides, and not the trace's ID, because the caller chooses the ID. The
   * spans that a recorded request causes, on any node, are recorded with it.
   */
  private static Sampler byRatio(double ratio) {
    return Sampler.parentBasedBuilder(Sampler.traceIdRatioBased(ratio)).setRemoteParentSampled(new ByChance(ratio)).build();
  }

  private static void logWithKeyhook() {
    Logger logger = Logger.getLogger(LOGGER);
    logger.setUseParentHandlers(false);
    logger.addHandler(new SLF4JBridgeHandler());
  }

  Tracing tracing() {
    return new OpenTelemetryTracing(sdk, Version.VERSION);
  }

  /** Creates the spans of HTTP requests, from the {@code traceparent} that they have. */
  VertxTracerFactory ofVertx() {
    return new OpenTelemetryTracingFactory(sdk);
  }

  /** Exports what has ended, for {@value #FLUSH_SECONDS} s at most. Blocks. */
  void close() {
    sdk.shutdown().join(FLUSH_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Records a share of spans, whatever their trace.
   *
   * @param ratio from 0 to 1
   */
  private record ByChance(double ratio) implements Sampler {
    @Override
    public SamplingResult shouldSample(Context parent, String trace, String name, SpanKind kind, Attributes attributes,
        List<LinkData> links) {
      return ThreadLocalRandom.current().nextDouble() < ratio ? SamplingResult.recordAndSample() : SamplingResult.drop();
    }

    @Override
    public String getDescription() {
      return "ByChance{" + ratio + "}";
    }
  }

  /** Leaves out requests outside of the API: probes, the dashboard's files, the guide. */
  private record ApiSampler(Sampler sampler) implements Sampler {
    @Override
    public SamplingResult shouldSample(Context parent, String trace, String name, SpanKind kind, Attributes attributes,
        List<LinkData> links) {
      String path = attributes.get(PATH);
      return kind == SpanKind.SERVER && path != null && !path.startsWith(API) ? SamplingResult.drop()
          : sampler.shouldSample(parent, trace, name, kind, attributes, links);
    }

    @Override
    public String getDescription() {
      return "KeyhookApi{" + sampler.getDescription() + "}";
    }
  }
}
