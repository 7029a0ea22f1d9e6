package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Requests about deliveries, and what is answered. */
public interface Deliveries {
  enum Status { PENDING, DELIVERED, FAILED, CANCELED }

  /**
   * @param status null: any
   * @param event null: any
   * @param from inclusive; null: as far as the log goes
   * @param to exclusive; null: now
   */
  record ListOf(
      Caller caller, String webhookId, Status status, String event, Instant from, Instant to, Page.Request page) {}

  /**
   * Deliveries of all webhooks of the account. Event, license, search and failing select among so many of the newest: a page
   * may hold fewer than there are, or none, and have a cursor for more.
   *
   * @param webhookId null: any
   * @param status null: any
   * @param event null: any
   * @param licenseId null: any; of a license that is gone, too
   * @param from inclusive; null: as far as the log goes
   * @param to exclusive; null: now
   * @param search of the newest {@value Page#MAX_LIMIT} licenses that {@link Licenses.List} finds with this text; null or blank:
   *     any
   * @param failing true: failed ones, and pending ones whose last attempt failed; false: all others; null: any
   */
  record ListAll(
      Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
      Page.Request page, String search, Boolean failing) {
    public ListAll {
      Check.that().is("webhookId", webhookId == null || Id.WEBHOOK.fits(webhookId), "is not the id of a webhook")
          .is("licenseId", licenseId == null || Id.LICENSE.fits(licenseId), "is not the id of a license")
          .text("search", search, Check.NAME).done();
    }

    public ListAll(
        Caller caller, String webhookId, Status status, String event, String licenseId, Instant from, Instant to,
        Page.Request page) {
      this(caller, webhookId, status, event, licenseId, from, to, page, null, null);
    }

    /** Whether it looks for a text. */
    public boolean isSearch() {
      return search != null && !search.isBlank();
    }
  }

  /**
   * Hears of deliveries as they are raised and change.
   *
   * @param webhookId null: of all webhooks
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
   * @param redelivering how many are going to be sent
   * @param refused the others
   */
  record Redelivering(int redelivering, List<Refused> refused) {}

  /** Why one is not sent again, as if it had been asked for alone. */
  record Refused(String id, String code, String message) {}

  /**
   * Sends again what failed then or later, in the background.
   *
   * @param since not before what the plan keeps of the log
   */
  record Recover(Caller caller, String webhookId, Instant since) {
    public Recover {
      Check.that().required("since", since)
          .is("since", since == null || !since.isAfter(Instant.now()), "is in the future").done();
    }
  }

  /**
   * @param recovering how many are going to be sent; more than are counted where very many are in the log
   */
  record Recovering(long recovering) {}

  /** A delivery in a list. {@code nextAttemptAt} is null where there is none, or it is under way. */
  record Summary(
      String id,
      String webhookId,
      String event,
      Status status,
      int attemptCount,
      Integer lastStatusCode,
      String lastError,
      Instant createdAt,
      Instant nextAttemptAt) {}

  /**
   * @param url the webhook's, as it is now
   * @param licenseId null: it is about none
   * @param payload the body as it was sent, byte for byte
   * @param attemptCount all attempts there have been
   * @param attempts the last 50, first to last
   */
  record Delivery(
      String id,
      String webhookId,
      String url,
      String event,
      String licenseId,
      Status status,
      @JsonRawValue String payload,
      Instant createdAt,
      Instant nextAttemptAt,
      int attemptCount,
      List<Attempt> attempts) {}

  /**
   * @param statusCode null where there was no answer
   * @param error its name; null where there was none
   * @param responseBody the first 4 KB; null where there was no answer
   */
  record Attempt(int number, Instant startedAt, long durationMs, Integer statusCode, String error, String responseBody) {}

  /** Ends what is pending for a webhook, or for all of the account's where {@code webhookId} is null. */
  record CancelPending(UUID accountId, UUID webhookId) {
    public boolean covers(UUID account, UUID webhook) {
      return accountId.equals(account) && (webhookId == null || webhookId.equals(webhook));
    }
  }

  record WebhookChanged(UUID webhookId) {}

  record Stopping() {}

  /** Sends one test delivery and answers when its receiver has. */
  record SendTest(UUID accountId, UUID webhookId, short eventType, String data) {}
}
