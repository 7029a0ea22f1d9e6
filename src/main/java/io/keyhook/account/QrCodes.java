package io.keyhook.account;

import io.keyhook.bus.TwoFactor.Qr;
import io.nayuki.qrcodegen.DataTooLongException;
import io.nayuki.qrcodegen.QrCode;
import io.nayuki.qrcodegen.QrCode.Ecc;
import io.nayuki.qrcodegen.QrSegment;
import java.util.Optional;

/** Draws QR codes (ISO/IEC 18004). Any thread. */
final class QrCodes {
  /** Cameras of phones read a code of this size from a small window, and it takes an event loop a few milliseconds. */
  private static final int MAX_VERSION = 15;
  private static final int BEST_MASK = -1;
  /** Modules around a code, by the standard. */
  private static final int QUIET = 4;

  private QrCodes() {}

  /** Returns empty if the text is too long: it has more than 412 bytes, unless it is all of digits or capital letters. */
  static Optional<Qr> of(String text) {
    try {
      QrCode code = QrCode.encodeSegments(QrSegment.makeSegments(text), Ecc.MEDIUM, QrCode.MIN_VERSION, MAX_VERSION, BEST_MASK, true);
      return Optional.of(new Qr(code.size + 2 * QUIET, path(code)));
    } catch (DataTooLongException e) {
      return Optional.empty();
    }
  }

  /** Each row's runs of black modules as rectangles. */
  private static String path(QrCode code) {
    StringBuilder path = new StringBuilder();
    for (int y = 0; y < code.size; y++) {
      for (int x = 0; x < code.size; x++) {
        int start = x;
        while (code.getModule(x, y)) { // false beyond the last one
          x++;
        }
        if (x > start) {
          path.append('M').append(start + QUIET).append(' ').append(y + QUIET).append('h').append(x - start).append("v1h-")
              .append(x - start).append('z');
        }
      }
    }
    return path.toString();
  }
}
