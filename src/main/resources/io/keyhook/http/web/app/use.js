// Hooks for what every page does: load, page through, follow the clock.
import { useCallback, useEffect, useRef, useState } from './preact.js';
import { currentSession, get, onSession } from './api.js';

export function useSession() {
  const [session, setSession] = useState(currentSession());
  useEffect(() => {
    setSession(currentSession());
    return onSession(setSession);
  }, []);
  return session;
}

/**
 * Loads at first, when `deps` change, after logging in again, and when the connection is back.
 *
 * @param {(signal: AbortSignal) => Promise} load
 * @returns what there is, also while it loads again; `error` of the latest time; `times` it has loaded, or failed to
 */
export function useLoad(load, deps) {
  const { generation } = useSession();
  const [state, setState] = useState({ data: null, error: null, loading: true, times: 0 });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setState(state => ({ ...state, loading: true }));
    const end = changes => !controller.signal.aborted
      && setState(state => ({ ...state, ...changes, loading: false, times: state.times + 1 }));
    load(controller.signal).then(data => end({ data, error: null }), error => end({ error }));
    return () => controller.abort();
  }, [...deps, generation, asked]);
  const reload = useCallback(() => setAsked(asked => asked + 1), []);
  const setData = useCallback(change => setState(state => ({ ...state, data: change(state.data) })), []);
  return { ...state, reload, setData };
}

/** Loads again so many milliseconds after each time; not where `pause` is null then. */
export function useAgain({ reload, times }, pause) {
  useEffect(() => {
    const timer = pause !== null && setTimeout(reload, pause);
    return () => clearTimeout(timer);
  }, [times]);
}

/** Before what failed is tried again by itself. */
export const RETRY_PAUSE = 3_000;

/** What the page cannot do without: tried again until it is there. */
export function useRetried(load, deps) {
  const loaded = useLoad(load, deps);
  useAgain(loaded, loaded.error ? RETRY_PAUSE : null);
  return loaded;
}

/** State that belongs to what `key` names: with another key it begins anew. */
export function useStateOf(key, begin) {
  const [kept, setKept] = useState(() => ({ key, value: begin() }));
  const current = kept.key === key ? kept : { key, value: begin() };
  if (current !== kept) {
    setKept(current);
  }
  const set = change => setKept(kept => kept.key === key ? { key, value: change(kept.value) } : kept);
  return [current.value, set];
}

const PAGE_SIZE = 50;
/** A page that was got before it was asked for is too old after this. */
const FRESH = 5_000;
/** A search may find nothing in what is looked through at once: so often it goes on by itself. */
const FURTHER = 4;

/**
 * A list, page by page. The next page is there before it is asked for.
 *
 * @param version another one: it is loaded again
 * @returns as useLoad; `data` is a page with the `key`, the `cursor` and the time `at` which it was asked for, and
 *     `isCurrent` where it is the one that is to be shown
 */
export function usePages(path, query, { size = PAGE_SIZE, version = 0 } = {}) {
  const key = path + JSON.stringify(query);
  const [cursors, setCursors] = useStateOf(key, () => [null]);
  const ahead = useRef(null);
  const cursor = cursors[cursors.length - 1];
  const load = useLoad(async signal => {
    const ask = (cursor, signal) => get(path, { ...query, limit: size, cursor }, signal);
    const prepared = ahead.current;
    ahead.current = null;
    const fits = prepared?.key === key && prepared.cursor === cursor && performance.now() - prepared.at < FRESH;
    let page = fits ? await prepared.page : null;
    const at = page ? prepared.at : performance.now();
    page ??= await ask(cursor, signal);
    for (let i = 0; i < FURTHER && page.data.length === 0 && page.nextCursor; i++) {
      page = await ask(page.nextCursor, signal);
    }
    if (page.nextCursor) {
      ahead.current = { key, cursor: page.nextCursor, at: performance.now(), page: ask(page.nextCursor).catch(() => null) };
    }
    return { ...page, key, cursor, at };
  }, [key, cursor, version]);
  const isCurrent = load.data?.key === key && load.data.cursor === cursor;
  return {
    ...load,
    key,
    isCurrent,
    rows: load.data?.data ?? null,
    page: cursors.length,
    isFirst: cursors.length === 1,
    first: () => setCursors(() => [null]),
    previous: cursors.length > 1 ? () => setCursors(cursors => cursors.slice(0, -1)) : null,
    next: isCurrent && load.data.nextCursor
      ? () => setCursors(cursors => [...cursors, load.data.nextCursor]) : null,
  };
}

/** The time, again every `step` milliseconds. */
export function useNow(step) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), step);
    return () => clearInterval(timer);
  }, [step]);
  return now;
}

const REFRESH = 60_000;

/** Once a minute, while somebody looks. */
export function useRefresh(...reloads) {
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && reloads.forEach(reload => reload()), REFRESH);
    return () => clearInterval(timer);
  }, []);
}

let ids = 0;

/** An id for an element of this component. */
export function useId() {
  return useState(() => 'id' + ++ids)[0];
}
