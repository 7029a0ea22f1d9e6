package io.keyhook.bus;

import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/** Requests about recoveries of failed deliveries, and their responses. {@link Deliveries.Recover} starts one. */
public interface Recoveries {
  enum Status {
    RUNNING,
    /** All that matched has been moved to the queue. */
    COMPLETED,
    /** A team member stopped it, another recovery replaced it, or its webhook is no longer active. */
    STOPPED,
    /** An error of Keyhook's own ended it; the log of the server has it. */
    FAILED
  }

  /**
   * Which failed deliveries to recover, by their last attempt.
   *
   * @param since when it ended at the earliest
   * @param until when it ended at the latest, exclusive; null: now
   * @param events types of events; null: all
   * @param results how it ended: names of attempt errors, statuses such as {@code 503}, and classes of statuses such as {@code
   *     5xx}; null: all
   */
  record Filter(Instant since, Instant until, List<String> events, List<String> results) {
    private static final int MAX_RESULTS = 50;
    private static final Pattern RESULT = Pattern.compile("[1-5](xx|[0-9]{2})|[a-z_]{1,30}");

    public Filter {
      Check.that().required("since", since)
          .is("since", since == null || !since.isAfter(Instant.now()), "is in the future")
          .is("until", since == null || until == null || until.isAfter(since), "is not later than since")
          .is("events", events == null || !events.isEmpty(), "is empty; omit it for all events")
          .is("results", results == null || !results.isEmpty() && results.size() <= MAX_RESULTS,
              "does not have 1 to " + MAX_RESULTS + " results; omit it for all results")
          .is("results", results == null || results.stream().allMatch(result -> RESULT.matcher(result).matches()),
              "contains something that is not a status, a class of statuses such as 5xx, or the name of an attempt error")
          .done();
    }

    /** Returns a filter for everything that failed since a time. */
    public static Filter since(Instant since) {
      return new Filter(since, null, null, null);
    }

    /** Returns whether nothing but a time is asked for. */
    public boolean isPlain() {
      return until == null && events == null && results == null;
    }
  }

  /** Counts the deliveries that a recovery would send, and starts none. */
  record PreviewOf(Caller caller, String webhookId, Filter filter) {}

  /**
   * What a recovery would send, among a limited number of the newest deliveries that were not delivered.
   *
   * @param recovering the number of deliveries
   * @param isComplete false: the log is so large that there may be more
   * @param byEvent all that failed in this time, whatever events and results are asked for
   * @param byResult the same
   */
  record Preview(long recovering, boolean isComplete, List<EventCount> byEvent, List<ResultCount> byResult) {}

  record EventCount(String event, long count) {}

  /**
   * @param result the name of an attempt error, or a status
   */
  record ResultCount(String result, long count) {}

  record Get(Caller caller, String id) {}

  /**
   * @param webhookId null: all webhooks
   */
  record ListAll(Caller caller, String webhookId, Page.Request page) {
    public ListAll {
      Check.that().is("webhookId", webhookId == null || Id.WEBHOOK.fits(webhookId), "is not the id of a webhook").done();
    }
  }

  /** Ends a recovery. Deliveries that it has moved to the queue are sent. Changes nothing if it has ended. */
  record Stop(Caller caller, String id) {}

  /**
   * A recovery of a webhook's failed deliveries.
   *
   * @param until null: the start of the recovery
   * @param events null: all
   * @param results null: all
   * @param total the deliveries that matched at the start; a lower bound if the log is very large
   * @param recovered those that have been moved to the queue, each once
   * @param endedAt null: it is running
   */
  record Recovery(
      String id,
      String webhookId,
      Status status,
      Instant since,
      Instant until,
      List<String> events,
      List<String> results,
      long total,
      long recovered,
      Instant createdAt,
      Instant endedAt) {}
}
