// How far the page was scrolled, for each entry of the history. The browser's own way gives up before a list has loaded.
import { recall, recalled } from './storage.js';

const KEY = 'keyhook-scroll';
const MOST_ENTRIES = 100;
/** A list that takes longer to load than this is not scrolled any more. */
const LONGEST = 10_000;

const positions = recalled(KEY);
let current = null;
/** Ends the attempt to scroll to where an entry was left; null while there is none. */
let restoring = null;

history.scrollRestoration = 'manual';
addEventListener('scroll', () => {
  if (current !== null && !restoring) {
    positions.delete(current); // so that it is the last one
    positions.set(current, scrollY);
  }
}, { passive: true });
addEventListener('pagehide', () => recall(KEY, positions, MOST_ENTRIES));
// somebody scrolls: that goes before
['wheel', 'touchstart', 'keydown', 'mousedown'].forEach(type => addEventListener(type, () => restoring?.(), { passive: true }));

/** An entry that is about to begin is scrolled as the page is now. */
export function keepScroll(entry) {
  positions.set(entry, scrollY);
}

/** Scrolls to where an entry was left, as soon as the page is long enough; to its top where it is new. */
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
