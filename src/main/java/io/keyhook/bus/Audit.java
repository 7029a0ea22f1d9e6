package io.keyhook.bus;

import java.time.Instant;
import java.util.List;

/** Requests about the audit log, and their responses. */
public interface Audit {
  int SUBJECT = 200;

  /**
   * @param action null: any
   * @param subjectId null: any
   */
  record ListEntries(Caller caller, String action, String subjectId, Page.Request page) {
    public ListEntries {
      Check.that().text("subjectId", subjectId, SUBJECT).done();
    }
  }

  /**
   * An entry of the audit log.
   *
   * @param subjectId the ID of what was changed
   * @param changed names of the fields in the request; empty if it created or deleted something
   * @param actorId null: unknown to Keyhook
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
