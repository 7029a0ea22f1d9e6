// Formats numbers and times for people, in their own time zone.
import { now } from './clock.js';
import { TEST_ENDPOINT } from './url-check.js';

const WHOLE = new Intl.NumberFormat('en');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
/** With the zone. */
const DATE_TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' });
const DATE_MINUTE = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit',
  hourCycle: 'h23', timeZoneName: 'short' });
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
export const dateMinute = time => DATE_MINUTE.format(new Date(time));
export const clock = time => CLOCK.format(new Date(time));
export const day = time => DAY.format(new Date(time));
/** A plan's display name. The API's name is lower-case. */
export const planName = name => name.charAt(0).toUpperCase() + name.slice(1);
export const plural = (n, one, many = one + 's') => `${number(n)} ${n === 1 ? one : many}`;

/** @param rate from 0 to 1, or null if nothing was counted. The result is never 100% if anything failed */
export function percent(rate) {
  if (rate == null) {
    return '–';
  }
  const shown = rate < 1 ? Math.min(rate * 100, 99.9) : 100;
  return (shown === 100 || shown === 0 ? shown : shown.toFixed(1)) + '%';
}

/** Milliseconds. */
export function millis(ms) {
  if (ms == null) {
    return '–';
  }
  return ms < SECOND ? Math.round(ms) + ' ms' : (ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0) + ' s';
}

/** Each unit with its length, and the count from which the next larger unit is used. */
const UNITS = [['second', SECOND, 60], ['minute', MINUTE, 60], ['hour', HOUR, 24], ['day', DAY_LENGTH, 45],
  ['month', 30.44 * DAY_LENGTH, 18], ['year', 365.25 * DAY_LENGTH, Infinity]];

/**
 * How long ago, by the server's clock.
 *
 * @param ahead the time may be in the future; a past one never is, however inexact the clock
 */
export function ago(time, ahead = false) {
  const difference = ahead ? new Date(time) - now() : Math.min(0, new Date(time) - now());
  if (Math.abs(difference) < 10 * SECOND) {
    return difference > 0 ? 'in a moment' : 'just now';
  }
  const [unit, length] = UNITS.find(([, length, most]) => Math.abs(Math.round(difference / length)) < most);
  return RELATIVE.format(Math.round(difference / length), unit);
}

/** The time left, such as 1:05:09 or 4:09. */
export function countdown(time) {
  const seconds = Math.max(0, Math.ceil((new Date(time) - now()) / SECOND));
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

/** A hint for inputs of type datetime-local, which have no time zone. */
export const zoneHint = `Your time zone: ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;

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

/** A webhook's name: its URL without the scheme and the trailing slash, or the name of the built-in endpoint. */
export function shortUrl(url) {
  return url.startsWith(TEST_ENDPOINT) ? 'Test endpoint' : url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
