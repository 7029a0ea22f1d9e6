package io.keyhook.delivery;

import io.keyhook.bus.Deliveries.Status;

/** How a delivery ended. The codes are in the database and its indexes: they are never changed. */
enum LogStatus {
  DELIVERED(1, Status.DELIVERED),
  FAILED(2, Status.FAILED),
  CANCELED(3, Status.CANCELED);

  private final short code;
  private final Status status;

  LogStatus(int code, Status status) {
    this.code = (short) code;
    this.status = status;
  }

  short code() {
    return code;
  }

  static Status of(short code) {
    return code == 0 ? Status.PENDING : values()[code - 1].status;
  }
}
