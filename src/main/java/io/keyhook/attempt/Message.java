package io.keyhook.attempt;

import io.keyhook.bus.Id;
import io.keyhook.event.EventType;
import io.keyhook.event.Payload;
import io.keyhook.format.MessageBody;
import io.keyhook.format.MessageFormat;
import io.keyhook.format.Messages;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What one attempt sends: the body that every attempt of its delivery sends, and headers that are signed for this one.
 * {@link Sender} adds those that are the same for all.
 */
public record Message(MultiMap headers, Buffer body) {
  /** How far the timestamp may be off (Standard Webhooks). */
  private static final Duration TOLERANCE = Duration.ofMinutes(5);
  private static final CharSequence SIGNATURE = HttpHeaders.createOptimized("X-Webhook-Signature");
  private static final CharSequence SIGNATURE_PREVIOUS = HttpHeaders.createOptimized("X-Webhook-Signature-Previous");
  private static final CharSequence EVENT = HttpHeaders.createOptimized("X-Webhook-Event");
  private static final CharSequence ATTEMPT = HttpHeaders.createOptimized("X-Webhook-Attempt");
  private static final CharSequence STANDARD_ID = HttpHeaders.createOptimized("webhook-id");
  private static final CharSequence STANDARD_TIMESTAMP = HttpHeaders.createOptimized("webhook-timestamp");
  private static final CharSequence STANDARD_SIGNATURE = HttpHeaders.createOptimized("webhook-signature");
  private static final CharSequence TRACEPARENT = HttpHeaders.createOptimized("traceparent");

  /**
   * @param data the JSON of the event's {@code data}
   * @param format null: Keyhook's own
   * @param attempt its number, from 1
   */
  public static Message of(
      EndpointSettings settings, EventType type, UUID deliveryId, boolean test, String data, MessageFormat format, int attempt,
      Instant now) {
    String id = Payload.idOf(test).of(deliveryId);
    MessageBody rendered = format == null ? new MessageBody(null, Payload.body(type.wireName(), deliveryId, id, data))
        : Messages.render(format, type.wireName(), deliveryId, id, data);
    byte[] body = rendered.text().getBytes(StandardCharsets.UTF_8);
    long timestamp = now.getEpochSecond();
    List<Signer> overlapping = settings.overlapping(now);
    StringBuilder standard = new StringBuilder(settings.current().standard(id, timestamp, body));
    overlapping.forEach(signer -> standard.append(' ').append(signer.standard(id, timestamp, body)));
    MultiMap headers = HttpHeaders.headers()
        .add(SIGNATURE, settings.current().plain(body))
        .add(EVENT, type.wireName())
        .add(ATTEMPT, Integer.toString(attempt))
        .add(STANDARD_ID, id)
        .add(STANDARD_TIMESTAMP, Long.toString(timestamp))
        .add(STANDARD_SIGNATURE, standard.toString());
    if (!overlapping.isEmpty()) { // the header holds one: the oldest
      headers.add(SIGNATURE_PREVIOUS, overlapping.get(0).plain(body));
    }
    if (rendered.contentType() != null) {
      headers.add(HttpHeaders.CONTENT_TYPE, rendered.contentType());
    }
    settings.extra().addTo(headers);
    return new Message(headers, Buffer.buffer(body));
  }

  /**
   * Adds the context of the attempt's span, which is not signed.
   *
   * @param traceparent null: none is sent
   */
  public Message traced(String traceparent) {
    if (traceparent != null) {
      headers.set(TRACEPARENT, traceparent);
    }
    return this;
  }

  /** Adds headers that were not known when it was made. */
  Message with(ExtraHeaders extra) {
    extra.addTo(headers);
    return this;
  }

  /** Whether its body is other than the JSON that all requests have. */
  boolean hasContentType() {
    return headers.contains(HttpHeaders.CONTENT_TYPE);
  }

  /**
   * The headers of a whole request.
   *
   * @param usual those of all requests to the endpoint, which these replace
   */
  public MultiMap headers(MultiMap usual) {
    if (hasContentType()) {
      usual.remove(HttpHeaders.CONTENT_TYPE);
    }
    return usual.addAll(headers);
  }

  /** The type of the event. */
  public String event() {
    return headers.get(EVENT);
  }

  public String deliveryId() {
    return headers.get(STANDARD_ID);
  }

  /** Whether it is a test event. */
  boolean isTest() {
    return deliveryId().startsWith(Id.TEST_DELIVERY.prefix());
  }

  /** The number of the attempt, from 1. */
  public int attempt() {
    return Integer.parseInt(headers.get(ATTEMPT));
  }

  /**
   * Verifies as an endpoint does, with the secrets that sign at the time: {@code X-Webhook-Signature} over the body, and
   * {@code webhook-signature} over ID, timestamp and body, with a timestamp within 5 minutes of the time.
   */
  public boolean verifies(EndpointSettings settings, Instant now) {
    byte[] bytes = body.getBytes();
    String id = headers.get(STANDARD_ID);
    long timestamp = Long.parseLong(headers.get(STANDARD_TIMESTAMP));
    List<String> signatures = List.of(headers.get(STANDARD_SIGNATURE).split(" "));
    return Duration.between(Instant.ofEpochSecond(timestamp), now).abs().compareTo(TOLERANCE) <= 0
        && Stream.concat(Stream.of(settings.current()), settings.overlapping(now).stream())
            .anyMatch(signer -> signer.plain(bytes).equals(headers.get(SIGNATURE))
                && signatures.contains(signer.standard(id, timestamp, bytes)));
  }
}
