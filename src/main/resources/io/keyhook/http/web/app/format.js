// Numbers and times for people, in their own zone.

const WHOLE = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const DATE_TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const CLOCK = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_LENGTH = 24 * HOUR;

export const number = n => WHOLE.format(n);
export const compact = n => n < 10_000 ? WHOLE.format(n) : COMPACT.format(n);
export const date = time => DATE.format(new Date(time));
export const dateTime = time => DATE_TIME.format(new Date(time));
export const clock = time => CLOCK.format(new Date(time));
export const day = time => DAY.format(new Date(time));
/** Its name is as in the configuration, in small letters. */
export const planName = name => name.charAt(0).toUpperCase() + name.slice(1);
export const plural = (n, one, many = one + 's') => `${number(n)} ${n === 1 ? one : many}`;

/** 0 to 1; null where nothing was counted. Never 100 % where something failed. */
export function percent(rate) {
  if (rate == null) {
    return '–';
  }
  const shown = rate < 1 ? Math.min(rate * 100, 99.9) : 100;
  return (shown === 100 || shown === 0 ? shown : shown.toFixed(1)) + ' %';
}

/** Milliseconds. */
export function millis(ms) {
  if (ms == null) {
    return '–';
  }
  return ms < SECOND ? Math.round(ms) + ' ms' : (ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0) + ' s';
}

export function ago(time, now = Date.now()) {
  const difference = new Date(time) - now;
  const size = Math.abs(difference);
  if (size < 10 * SECOND) {
    return difference > 0 ? 'in a moment' : 'just now';
  }
  const [unit, length] = size < MINUTE ? ['second', SECOND] : size < HOUR ? ['minute', MINUTE]
    : size < DAY_LENGTH ? ['hour', HOUR] : size < 45 * DAY_LENGTH ? ['day', DAY_LENGTH]
    : size < 540 * DAY_LENGTH ? ['month', 30.44 * DAY_LENGTH] : ['year', 365.25 * DAY_LENGTH];
  return RELATIVE.format(Math.round(difference / length), unit);
}

/** 1:05:09 or 4:09, until then. */
export function countdown(time, now) {
  const seconds = Math.max(0, Math.ceil((new Date(time) - now) / SECOND));
  const two = n => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** An ISO 8601 duration such as PT1M30S in words. */
export function duration(iso) {
  const [, days, hours, minutes, seconds] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso) ?? [];
  return [[days, 'day'], [hours, 'hour'], [minutes, 'minute'], [seconds, 'second']].filter(([n]) => n)
    .map(([n, unit]) => plural(Number(n), unit)).join(' ') || iso;
}

/** For an input of type datetime-local. */
export function toLocal(time) {
  if (!time) {
    return '';
  }
  const date = new Date(time);
  return new Date(date - date.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** From an input of type datetime-local; null where it is empty. */
export function fromLocal(text) {
  const date = text ? new Date(text) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

/** Host and path of a URL; the URL itself where it is none. */
export function shortUrl(url) {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
