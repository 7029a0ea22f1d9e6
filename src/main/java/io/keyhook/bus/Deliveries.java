package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Requests about deliveries, and their responses. */
public interface Deliveries {
  enum Status { PENDING, DELIVERED, FAILED, CANCELED }

  /**
   * @param status null: any
   * @param event null: any
   * @param from inclusive; null: the start of the log
   * @param to exclusive; null: now
   */
  record ListOf(
      Caller caller, String webhookId, Status status, String event, Instant from, Instant to, Page.Request page) {
    public ListOf {
      Check.that().order("from", from, "to", to).done();
    }
  }

  /**
   * Deliveries of all webhooks of the account. Event, license, search, failing, attempted and paused select among a limited number of rows:
   * a page may have fewer entries than its limit, or none, and still a cursor for more.
   *
   * @param webhookId null: any
   * @param status null: any
   * @param event null: any
   * @param licenseId null: any; may be of a deleted license
   * @param from inclusive; null: the start of the log
   * @param to exclusive; null: now
   * @param search of the newest {@value Page#MAX_LIMIT} licenses that {@link Licenses.List} finds with this text; null or blank:
   *     any
   * @param failing true: failed ones, and pending ones whose last attempt failed; false: all others; null: any. With the status canceled,
   *     true: those whose last attempt failed; false: those that were canceled without an attempt
   * @param attempted when one of the last 50 attempts ended; null: any
   * @param paused true: those that wait for their paused webhook to resume; false: all others; null: any
   */
  record ListAll(
      Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
      Page.Request page, String search, Boolean failing, Attempted attempted, Boolean paused) {
    public ListAll {
      Check.that().is("webhookId", webhookId == null || Id.WEBHOOK.fits(webhookId), "is not the id of a webhook")
          .is("licenseId", licenseId == null || Id.LICENSE.fits(licenseId), "is not the id of a license")
          .text("search", search, Check.NAME).order("from", from, "to", to)
          .order("attemptedFrom", attempted == null ? null : attempted.from(), "attemptedTo", attempted == null ? null : attempted.to())
          .done();
    }

    public ListAll(
        Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
        Page.Request page) {
      this(caller, webhookId, status, event, licenseId, from, to, page, null, null, null, null);
    }

    public ListAll(
        Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
        Page.Request page, String search, Boolean failing) {
      this(caller, webhookId, status, event, licenseId, from, to, page, search, failing, null);
    }

    public ListAll(
        Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
        Page.Request page, String search, Boolean failing, Attempted attempted) {
      this(caller, webhookId, status, event, licenseId, from, to, page, search, failing, attempted, null);
    }

    /** Returns whether the request searches for a text. */
    public boolean isSearch() {
      return search != null && !search.isBlank();
    }
  }

  /**
   * A time in which an attempt ended, as statistics count it.
   *
   * @param from inclusive; null: at any time before {@code to}
   * @param to exclusive; null: at any time after {@code from}
   */
  record Attempted(Instant from, Instant to) {
    /** Returns null if there is neither time. */
    public static Attempted of(Instant from, Instant to) {
      return from == null && to == null ? null : new Attempted(from, to);
    }
  }

  /**
   * Subscribes to deliveries that are created or change.
   *
   * @param webhookId null: all webhooks
   */
  record Watch(Caller caller, String webhookId) {
    public Watch {
      Check.that().is("webhookId", webhookId == null || Id.WEBHOOK.fits(webhookId), "is not the id of a webhook")
          .done();
    }

    public boolean covers(Summary delivery) {
      return webhookId == null || webhookId.equals(delivery.webhookId);
    }
  }

  record Get(Caller caller, String id) {}

  record Redeliver(Caller caller, String id) {}

  /**
   * @param ids 1 to {@value #MAX_REDELIVERED}
   */
  record RedeliverAll(Caller caller, List<String> ids) {
    public static final int MAX_REDELIVERED = 100;

    public RedeliverAll {
      Check.that().required("ids", ids)
          .is("ids", ids == null || !ids.isEmpty() && ids.size() <= MAX_REDELIVERED,
              "does not have 1 to " + MAX_REDELIVERED + " ids")
          .is("ids", ids == null || ids.stream().allMatch(id -> Id.DELIVERY.fits(id) || Id.TEST_DELIVERY.fits(id)),
              "contains something that is not the id of a delivery").done();
    }
  }

  /**
   * @param redelivering the number of deliveries that will be sent
   * @param refused the others, with the reasons
   * @param paused the number of those that will be sent when their paused webhook resumes
   */
  record Redelivering(int redelivering, List<Refused> refused, int paused) {}

  /** Why a delivery is not redelivered: the error that a single call would return. */
  record Refused(String id, String code, String message) {}

  /**
   * Recovers failed deliveries in the background, on whichever nodes run.
   *
   * @param filter not before the start of the log that the plan keeps
   */
  record Recover(Caller caller, String webhookId, Recoveries.Filter filter) {
    /** Returns a request for everything that failed since a time. */
    public Recover(Caller caller, String webhookId, Instant since) {
      this(caller, webhookId, Recoveries.Filter.since(since));
    }
  }

  /**
   * @param recovering the number of deliveries that will be sent; a lower bound if the log is very large
   * @param recoveryId of the {@link Recoveries.Recovery} that sends them
   */
  record Recovering(long recovering, String recoveryId) {}

  /**
   * Asks for the failures of the account, grouped by cause.
   *
   * @param webhookId null: of all webhooks
   * @param from inclusive; null: the start of the log
   * @param to exclusive; null: now
   */
  record ListCauses(Caller caller, String webhookId, Instant from, Instant to) {
    public ListCauses {
      Check.that().is("webhookId", webhookId == null || Id.WEBHOOK.fits(webhookId), "is not the id of a webhook")
          .order("from", from, "to", to).done();
    }
  }

  /**
   * @param data the causes with the most deliveries first
   * @param examined the number of failures that were grouped, the newest ones
   * @param complete false: there are older failures or further causes
   */
  record Causes(List<Cause> data, long examined, boolean complete) {}

  /**
   * Deliveries of one webhook whose last attempt failed in the same way: failed ones, pending ones that Keyhook retries, and those that
   * were canceled, as when an endpoint returned 410 Gone.
   *
   * @param statusCode null: no response
   * @param error its name; null: there was none
   * @param message what the response says went wrong, in one line; null: nothing
   * @param firstAt when the oldest of them was created
   * @param lastAt when the newest of them was created
   */
  record Cause(
      String webhookId, Integer statusCode, String error, String message, long failed, long retrying, Instant firstAt,
      Instant lastAt, String lastDeliveryId, long canceled) {}

  /**
   * A delivery in a list.
   *
   * @param nextAttemptAt null: there is none, it is in progress, or the delivery waits for its webhook to resume or for its
   *     turn
   * @param paused whether it waits for its webhook to resume
   * @param license null: the event has no license, or the delivery is a test
   */
  record Summary(
      String id,
      String webhookId,
      String event,
      Status status,
      int attemptCount,
      Integer lastStatusCode,
      String lastError,
      Instant createdAt,
      Instant nextAttemptAt,
      boolean paused,
      OfLicense license) {
    /** Returns the delivery of an event about a license. */
    public Summary of(OfLicense license) {
      return new Summary(
          id, webhookId, event, status, attemptCount, lastStatusCode, lastError, createdAt, nextAttemptAt, paused, license);
    }
  }

  /**
   * The license of a delivery, as it is now; of one that was deleted, as the event names it.
   *
   * @param keyHint the end of its key, to tell keys apart
   * @param customerName null: none
   * @param customerEmail null: none
   */
  record OfLicense(String id, String name, String keyHint, String customerName, String customerEmail) {}

  /**
   * The body of a delivery in another format than Keyhook's own.
   */
  record Body(String contentType, String text) {}

  /**
   * @param url the webhook's current URL
   * @param licenseId null: the event has no license
   * @param payload the body as sent, byte for byte, unless {@code body} is another
   * @param body as sent, byte for byte, in another format than Keyhook's own; null: {@code payload}
   * @param nextAttemptAt null: there is none, it is in progress, or the delivery waits for its webhook to resume or for its
   *     turn
   * @param paused whether it waits for its webhook to resume
   * @param attemptCount the number of all attempts
   * @param attempts the last 50, oldest first
   */
  record Delivery(
      String id,
      String webhookId,
      String url,
      String event,
      String licenseId,
      Status status,
      @JsonRawValue String payload,
      Body body,
      Instant createdAt,
      Instant nextAttemptAt,
      boolean paused,
      int attemptCount,
      List<Attempt> attempts) {}

  /**
   * @param statusCode null if there was no response
   * @param error its name; null if there was none
   * @param responseHeaders the first 4 KB, without credentials, in the order in which they came; null if there was no response, or if
   *     they were not kept, as of a first attempt that succeeded, or were deleted, as of all but the last attempts
   * @param responseBody the first 4 KB; null if there was no response
   * @param errorDetail what else is known of the error; null: nothing
   */
  record Attempt(
      int number, Instant startedAt, long durationMs, Integer statusCode, String error, List<Header> responseHeaders,
      String responseBody, @JsonInclude(JsonInclude.Include.NON_NULL) String errorDetail) {}

  /**
   * A line of a response's head.
   *
   * @param name in lower case
   */
  record Header(String name, String value) {}

  /** Cancels the pending deliveries of a webhook, or of all webhooks of the account if {@code webhookId} is null. */
  record CancelPending(UUID accountId, UUID webhookId) {
    public boolean covers(UUID account, UUID webhook) {
      return accountId.equals(account) && (webhookId == null || webhookId.equals(webhook));
    }
  }

  record WebhookChanged(UUID webhookId) {}

  record Stopping() {}

  /** Sends one test delivery and completes when its endpoint has responded. */
  record SendTest(UUID accountId, UUID webhookId, short eventType, String data) {}
}
