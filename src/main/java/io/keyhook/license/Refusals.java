package io.keyhook.license;

import io.keyhook.bus.Licenses.Validation.Refused;

/** Whether a device may use a license that there is: the rule, over values. */
final class Refusals {
  private Refusals() {}

  /**
   * Why it may not; null: it may.
   *
   * @param suspended whether the license's account is
   * @param otherProduct whether the license is for another product than the one that is validated
   * @param known whether the device is activated
   */
  static Refused of(boolean suspended, boolean otherProduct, boolean disabled, boolean expired, boolean known, int activations,
      int maxActivations) {
    if (suspended) {
      return Refused.ACCOUNT_SUSPENDED;
    }
    if (otherProduct) {
      return Refused.PRODUCT_MISMATCH;
    }
    if (disabled) {
      return Refused.LICENSE_DISABLED;
    }
    if (expired) {
      return Refused.LICENSE_EXPIRED;
    }
    return known || activations < maxActivations ? null : Refused.MAX_ACTIVATIONS_REACHED;
  }
}
