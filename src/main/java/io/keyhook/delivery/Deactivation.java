package io.keyhook.delivery;

/** The reasons for which Keyhook deactivates a webhook, in the words that its owner reads. */
enum Deactivation {
  GONE("Your endpoint returned 410 Gone, so Keyhook stopped sending to it"),
  FAILING("Every attempt of the last five days failed");

  private final String reason;

  Deactivation(String reason) {
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
