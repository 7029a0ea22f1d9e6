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

export const PAGE_SIZE = 50;

/** A list, page by page. The next page is there before it is asked for. */
export function usePages(path, query, size = PAGE_SIZE) {
  const key = path + JSON.stringify(query);
  const [position, setPosition] = useState({ key, cursors: [null] });
  const cursors = position.key === key ? position.cursors : [null];
  const ahead = useRef({ key: null, cursor: null, page: null });
  const cursor = cursors[cursors.length - 1];
  const load = useLoad(async signal => {
    const prepared = ahead.current;
    const page = prepared.key === key && cursor && prepared.cursor === cursor ? await prepared.page : null;
    ahead.current = { key: null };
    const shown = page ?? await get(path, { ...query, limit: size, cursor }, signal);
    if (shown.nextCursor) {
      ahead.current = {
        key,
        cursor: shown.nextCursor,
        page: get(path, { ...query, limit: size, cursor: shown.nextCursor }).catch(() => null),
      };
    }
    return { ...shown, key, cursor };
  }, [key, cursor]);
  return {
    ...load,
    rows: load.data?.data ?? null,
    page: cursors.length,
    isFirst: cursors.length === 1,
    previous: cursors.length > 1 ? () => setPosition({ key, cursors: cursors.slice(0, -1) }) : null,
    next: load.data?.nextCursor && load.data.cursor === cursor && load.data.key === key
      ? () => setPosition({ key, cursors: [...cursors, load.data.nextCursor] }) : null,
    setRows: change => load.setData(data => data && { ...data, data: change(data.data) }),
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

/** What was typed, once no more is. */
export function useDebounced(value, pause = 250) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}

let ids = 0;

/** An id for an element of this component. */
export function useId() {
  return useState(() => 'id' + ++ids)[0];
}
