// Restores the scroll position of each history entry. The browser's own restoration gives up before a list has loaded.
import { recall, recalled } from './storage.js';

const KEY = 'keyhook-scroll';
const MOST_ENTRIES = 100;
/** Milliseconds after which the position of a slow list is no longer restored. */
const LONGEST = 30_000;
/** Milliseconds for which a restored position is kept while more of the page arrives, such as what the user's role adds. */
const SETTLING = 2_000;

const positions = recalled(KEY);
let current = null;
/** Stops restoring a position; null if none is being restored. */
let restoring = null;
/** The position that was restored and is kept for a while; null if there is none. */
let kept = null;

const isAt = target => Math.abs(scrollY - target) <= 1;

/** Notes the position; the event of the latest scrolling may not have come yet. */
function note() {
  if (current !== null && !restoring) {
    positions.delete(current); // moves it to the end
    positions.set(current, scrollY);
  }
}

history.scrollRestoration = 'manual';
addEventListener('scroll', () => {
  if (kept !== null && !isAt(kept)) {
    restoring(); // what arrives later does not scroll: its effect is undone before this event
  }
  note();
}, { passive: true });
addEventListener('pagehide', () => {
  note();
  recall(KEY, positions, MOST_ENTRIES);
});
// scrolling by the user takes precedence
['wheel', 'touchstart', 'keydown', 'mousedown'].forEach(type => addEventListener(type, () => restoring?.(), { passive: true }));

/** Gives a new history entry the current scroll position. */
export function keepScroll(entry) {
  positions.set(entry, scrollY);
}

/**
 * Scrolls to an entry's position as soon as the page is long enough, or to the top for a new entry. What arrives after the list, such as
 * the buttons of the user's role, moves the rows; until the page has settled, the position is restored again.
 */
export function restoreScroll(entry) {
  if (entry === current) {
    return;
  }
  note();
  restoring?.();
  current = entry;
  const target = positions.get(entry) ?? 0;
  let timer = setTimeout(() => restoring?.(), LONGEST);
  const scroll = () => {
    scrollTo(0, target);
    if (isAt(target)) {
      if (target === 0) {
        restoring();
        return;
      }
      kept = target;
      clearTimeout(timer);
      timer = setTimeout(() => restoring?.(), SETTLING);
    }
  };
  const observer = new ResizeObserver(scroll);
  restoring = () => {
    observer.disconnect();
    clearTimeout(timer);
    restoring = null;
    kept = null;
  };
  observer.observe(document.documentElement); // calls back at once, after the page has been drawn
}
