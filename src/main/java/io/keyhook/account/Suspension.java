package io.keyhook.account;

import io.keyhook.bus.Failure;

/** The refusal of whoever calls for a suspended account. */
final class Suspension {
  private Suspension() {}

  /**
   * Checks whether an account may be used.
   *
   * @throws io.keyhook.bus.FailureException it is suspended
   */
  static void check(boolean suspended) {
    if (suspended) {
      throw new Failure.Forbidden("ACCOUNT_SUSPENDED", "The account is suspended; contact your administrator").exception();
    }
  }
}
