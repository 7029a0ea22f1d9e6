// Live lists.
import { useEffect, useRef } from './preact.js';
import { useDeliveryStream } from './stream.js';
import { useStateOf } from './use.js';

/** How many streamed deliveries are kept. When there are more, the page is loaded again. */
export const MOST_HEARD = 200;
const FULL_PAUSE = 1_000;

/**
 * A list with the changes from the stream. A change that was streamed after the request of a page overrides that page, so
 * neither is lost, whichever arrives first.
 *
 * @param concerns whether a delivery can be in the list at all, whatever its status
 * @param fits whether the list shows a delivery with its current status
 * @returns `newer`: on a later page, the number of new deliveries that no page has shown
 */
export function useLive(asked, active, concerns, fits) {
  const [heard, setHeard] = useStateOf(asked.key, () => new Map());
  const newest = useRef('');
  const stream = useDeliveryStream(active, delivery => concerns(delivery) && setHeard(heard => {
    const next = new Map(heard);
    next.delete(delivery.id); // moves it to the end
    next.set(delivery.id, { delivery, at: performance.now() });
    if (next.size > MOST_HEARD) {
      next.delete(next.keys().next().value);
    }
    return next;
  }), asked.reload);
  const { data } = asked;
  const isShown = data?.key === asked.key;
  const fresh = new Map([...heard].filter(([, { at }]) => isShown && at >= data.at).map(([id, { delivery }]) => [id, delivery]));
  const isFull = fresh.size === MOST_HEARD;
  useEffect(() => {
    const timer = isFull && setTimeout(asked.reload, FULL_PAUSE);
    return () => clearTimeout(timer);
  }, [isFull]);
  let { rows } = asked;
  if (fresh.size > 0) {
    const known = new Set(rows.map(row => row.id));
    const oldest = data.nextCursor ? rows[rows.length - 1]?.createdAt ?? '' : ''; // older ones are on a later page
    const added = data.cursor ? [] : [...fresh.values()].filter(({ id, createdAt }) => !known.has(id) && createdAt >= oldest);
    rows = [...added, ...rows.map(row => fresh.get(row.id) ?? row)].filter(row => !fresh.has(row.id) || fits(row))
      .sort(newestFirst);
  }
  if (isShown && !data.cursor) {
    newest.current = rows[0]?.createdAt ?? '';
  }
  const newer = asked.isFirst ? 0
    : [...heard.values()].filter(({ delivery }) => fits(delivery) && delivery.createdAt > newest.current).length;
  return { pages: { ...asked, rows }, newer, stream };
}

const newestFirst = (a, b) => a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;

/** Runs an action once, a fixed number of milliseconds after the first of several calls. */
export function useSoon(action, pause) {
  const timer = useRef(null);
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      latest.current();
    }, pause);
  };
}
