// What pages show as it changes.
import { useEffect, useRef } from './preact.js';
import { useDeliveryStream } from './stream.js';
import { useStateOf } from './use.js';

/** So many deliveries that were heard of are kept; the page is loaded again so soon when there are more. */
export const MOST_HEARD = 200;
const FULL_PAUSE = 1_000;

/**
 * The list as the stream changes it. What was heard since a page was asked for goes over what the page says, so that
 * neither is lost, whichever comes first.
 *
 * @param concerns whether a delivery can be in the list at all, whatever its status
 * @param fits whether the list shows its present status
 * @returns `newer`: on a later page, how many deliveries there are by now that no page has shown
 */
export function useLive(asked, active, concerns, fits) {
  const [heard, setHeard] = useStateOf(asked.key, () => new Map());
  const newest = useRef('');
  const stream = useDeliveryStream(active, delivery => concerns(delivery) && setHeard(heard => {
    const next = new Map(heard);
    next.delete(delivery.id); // so that it is the last one
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
    const oldest = data.nextCursor ? rows[rows.length - 1]?.createdAt ?? '' : ''; // what is older is on a later page
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

/** Runs an action once, so many milliseconds after the first of the calls that ask for it. */
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
