// Restores the scroll position of each history entry. The browser's own restoration gives up before a list has loaded.
import { recall, recalled } from './storage.js';

const KEY = 'keyhook-scroll';
const MOST_ENTRIES = 100;
/** Milliseconds after which the position of a slow list is no longer restored. */
const LONGEST = 10_000;

const positions = recalled(KEY);
let current = null;
/** Stops restoring a position; null if none is being restored. */
let restoring = null;

history.scrollRestoration = 'manual';
addEventListener('scroll', () => {
  if (current !== null && !restoring) {
    positions.delete(current); // moves it to the end
    positions.set(current, scrollY);
  }
}, { passive: true });
addEventListener('pagehide', () => recall(KEY, positions, MOST_ENTRIES));
// scrolling by the user takes precedence
['wheel', 'touchstart', 'keydown', 'mousedown'].forEach(type => addEventListener(type, () => restoring?.(), { passive: true }));

/** Gives a new history entry the current scroll position. */
export function keepScroll(entry) {
  positions.set(entry, scrollY);
}

/** Scrolls to an entry's position as soon as the page is long enough, or to the top for a new entry. */
export function restoreScroll(entry) {
  if (entry === current) {
    return;
  }
  restoring?.();
  current = entry;
  const target = positions.get(entry) ?? 0;
  const scroll = () => {
    scrollTo(0, target);
    if (Math.abs(scrollY - target) <= 1) {
      restoring();
    }
  };
  const observer = new ResizeObserver(scroll);
  const timer = setTimeout(() => restoring?.(), LONGEST);
  restoring = () => {
    observer.disconnect();
    clearTimeout(timer);
    restoring = null;
  };
  observer.observe(document.documentElement); // calls back at once, after the page has been drawn
}
