package io.keyhook.bus;

import java.util.UUID;

/** Requests about mail to people. */
public interface Mails {
  /**
   * Sends a mail in plain text. Fails if the mail server has not accepted it, or there is none.
   *
   * @param accountId of the person, which waits its turn
   * @param text may have a link that is a secret
   */
  record Send(UUID accountId, String to, String subject, String text) {
    @Override
    public String toString() {
      return "Send[subject=" + subject + "]";
    }
  }
}
