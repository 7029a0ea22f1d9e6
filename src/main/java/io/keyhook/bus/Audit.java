package io.keyhook.bus;

import java.time.Instant;
import java.util.List;

/** Requests about the audit log, and what is answered. */
public interface Audit {
  int SUBJECT = 200;

  /**
   * @param action null: any
   * @param subjectId null: of anything
   */
  record ListEntries(Caller caller, String action, String subjectId, Page.Request page) {
    public ListEntries {
      Check.that().text("subjectId", subjectId, SUBJECT).done();
    }
  }

  /**
   * What somebody did.
   *
   * @param subjectId of what was changed
   * @param changed names of the fields that the request gave; empty where it made or deleted something
   * @param actorId null: Keyhook knows none
   * @param ipAddress null: the request did not come over HTTP
   */
  record Entry(
      String id,
      String action,
      String subjectId,
      List<String> changed,
      String actor,
      String actorId,
      String ipAddress,
      Instant createdAt) {}
}
