// Periods as people type them, such as `14 days`, and as the API has them: in seconds.

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];
const FORM = /^(\d{1,10})\s*(days?|hours?|minutes?|seconds?|[dhms])$/i;

/** In the largest unit without a fraction; '' for null. */
export function period(seconds) {
  if (seconds == null) {
    return '';
  }
  const [unit, length] = UNITS.find(([, length]) => seconds % length === 0);
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The seconds of a period; null for an empty text. Of a text that {@link checkPeriod} refuses: NaN. */
export function parsePeriod(text) {
  if (!text.trim()) {
    return null;
  }
  const [, count, unit] = FORM.exec(text.trim()) ?? [];
  return unit ? count * UNITS.find(([name]) => name.startsWith(unit.toLowerCase().charAt(0)))[1] : NaN;
}

/** The server's limit, in seconds. */
const LONGEST = 50 * 365.25 * 86_400;

/** Returns the problem with a period, or '' if there is none. @param least in seconds */
export function checkPeriod(text, least = 1) {
  const seconds = parsePeriod(text);
  return seconds === null ? '' : Number.isNaN(seconds) ? 'Enter a period such as 14 days or 36 hours'
    : seconds < least ? 'Must be at least ' + period(least) : seconds > LONGEST ? 'Must be at most 50 years' : '';
}

export const checkHeartbeat = text => checkPeriod(text, 300);
export const checkGrace = text => checkPeriod(text, 0);
