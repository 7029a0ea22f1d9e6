package io.keyhook.delivery;

import io.keyhook.alert.AlertRaiser;
import io.keyhook.bus.Alerts.Cause;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.delivery.WebhookStateStore.Details;
import io.keyhook.delivery.WebhookStateStore.Ended;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Raised;
import io.keyhook.event.WebhookEvents;
import io.keyhook.event.WebhookEvents.Attempts;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reports webhooks that start to fail, recover or are deactivated: an event for other webhooks, and alerts for team members, in
 * the transaction that records the change. Any thread.
 */
final class WebhookReports {
  private final Outbox outbox;
  private final AlertRaiser alerts;

  WebhookReports(Outbox outbox, AlertRaiser alerts) {
    this.outbox = outbox;
    this.alerts = alerts;
  }

  /**
   * Records which webhooks started to fail or recovered since the last time, some of them if there are many, and reports them.
   *
   * @param interval in which one node looks
   * @return to be {@linkplain #dispatch dispatched} after the commit; nothing while another node does this, or has just done it
   */
  Future<Written> turned(SqlClient tx, Duration interval) {
    return WebhookStateStore.lock(tx, interval).compose(locked -> !locked ? Future.succeededFuture(Written.NOTHING)
        : WebhookStateStore.ended(tx).compose(ended -> each(ended, one -> ended(tx, one)))
            .compose(recovered -> WebhookStateStore.started(tx).compose(started -> each(started, one -> failing(tx, one)))
                .map(failing -> Written.of(List.of(recovered, failing)))));
  }

  private static <T> Future<Written> each(List<T> items, Function<T, Future<Written>> report) {
    List<Written> written = new ArrayList<>();
    Future<Void> done = Future.succeededFuture();
    for (T item : items) {
      done = done.compose(before -> report.apply(item)).map(one -> {
        written.add(one);
        return null;
      });
    }
    return done.map(all -> Written.of(written));
  }

  private Future<Written> failing(SqlClient tx, EndpointId endpoint) {
    return WebhookStateStore.begin(tx, endpoint).compose(begun -> !begun ? Future.succeededFuture(Written.NOTHING)
        : report(tx, endpoint, found -> new Report(Cause.WEBHOOK_FAILING,
            WebhookEvents.failing(found.webhook(), found.attempts()), name(found) + " started to fail" + reason(found.attempts())),
            outbox::queue));
  }

  private Future<Written> ended(SqlClient tx, Ended ended) {
    return WebhookStateStore.end(tx, ended.endpoint()).compose(since -> since.isEmpty() || !ended.active()
        ? Future.succeededFuture(Written.NOTHING)
        : report(tx, ended.endpoint(), found -> new Report(Cause.WEBHOOK_RECOVERED,
            WebhookEvents.recovered(found.webhook(), since.get(), found.attempts()),
            name(found) + " succeeded again. It had failed since " + minute(since.get())), outbox::queue));
  }

  /** Reports that Keyhook has deactivated a webhook, within the short transaction that does so. */
  Future<Written> deactivated(SqlClient tx, EndpointId endpoint, Deactivation why) {
    return deactivated(tx, endpoint, why, outbox::write);
  }

  /** Reports the same of several, within a transaction that may take long. */
  Future<Written> deactivated(SqlClient tx, List<EndpointId> endpoints, Deactivation why) {
    return each(endpoints, endpoint -> deactivated(tx, endpoint, why, outbox::queue));
  }

  private Future<Written> deactivated(SqlClient tx, EndpointId endpoint, Deactivation why, Writer writer) {
    return WebhookStateStore.end(tx, endpoint).compose(ended -> report(tx, endpoint, found -> new Report(Cause.WEBHOOK_DEACTIVATED,
        WebhookEvents.deactivated(found.webhook(), why.reason(), found.now()), name(found) + " was deactivated: " + why.reason()),
        writer));
  }

  private record Report(Cause cause, Raised event, String line) {}

  /** How events are written: with leases, which a long transaction would outlast, or into the queue. */
  private interface Writer {
    Future<Written> write(SqlClient tx, List<Raised> events);
  }

  private Future<Written> report(SqlClient tx, EndpointId endpoint, Function<Details, Report> words, Writer writer) {
    return WebhookStateStore.details(tx, endpoint).compose(found -> {
      if (found.isEmpty()) {
        return Future.succeededFuture(Written.NOTHING);
      }
      Report report = words.apply(found.get());
      return alerts.raise(tx, endpoint.accountId(), report.cause, List.of(report.line))
          .compose(raised -> writer.write(tx, List.of(report.event)));
    });
  }

  /** Sends the events of what is committed. */
  void dispatch(Written written) {
    outbox.dispatch(written);
  }

  /** Names the webhook without its path and query, which may hold a secret of the endpoint's. */
  private static String name(Details found) {
    String description = found.webhook().description();
    return "The webhook " + (description == null || description.isBlank() ? "" : "“" + description + "” ") + "to "
        + URI.create(found.webhook().url()).getRawAuthority() + " (" + Id.WEBHOOK.of(found.webhook().endpoint().webhookId()) + ")";
  }

  private static String reason(Attempts attempts) {
    String status = attempts.statusCode() == null ? "" : "HTTP " + attempts.statusCode();
    String error = attempts.error() == null ? "" : attempts.error().replace('_', ' ');
    String both = status + (status.isEmpty() || error.isEmpty() ? "" : ", ") + error;
    return both.isEmpty() ? "" : ": " + both;
  }

  private static String minute(Instant time) {
    return JsonText.time(time).substring(0, 16).replace('T', ' ') + " UTC";
  }
}
