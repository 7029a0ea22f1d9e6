// The server's clock. All times from the API follow it, and this computer's clock may be hours off.

/** The bounds of the server's time minus this computer's, in milliseconds. */
let earliest = -Infinity;
let latest = Infinity;
let offset = 0;

/**
 * Learns the time from a response. Its Date header has whole seconds, and was written between sending the request and receiving the
 * response; each response narrows the bounds. The bounds are reset when a response contradicts them, because a clock was set.
 *
 * @param date the Date header; null if there is none
 * @param sent when the request was sent, by this computer's clock
 * @param received when the response came, likewise
 */
export function learnTime(date, sent, received) {
  const server = Date.parse(date ?? '');
  if (Number.isNaN(server)) {
    return;
  }
  const [low, high] = [server - received, server + 1000 - sent];
  if (low > latest || high < earliest) {
    [earliest, latest] = [low, high];
  } else {
    [earliest, latest] = [Math.max(earliest, low), Math.min(latest, high)];
  }
  // a clock that may be right is assumed to be right
  offset = earliest <= 0 && latest >= 0 ? 0 : (earliest + latest) / 2;
}

/** The server's time in milliseconds since 1970, as Date.now() is this computer's. */
export const now = () => Date.now() + offset;
