// Hooks for all pages: loading, paging and the clock.
import { useCallback, useEffect, useRef, useState } from './preact.js';
import { currentSession, get, onSession } from './api.js';
import { now } from './clock.js';
import { changeQuery, to, useLocation } from './router.js';
import { recall, recalled } from './storage.js';

export function useSession() {
  const [session, setSession] = useState(currentSession());
  useEffect(() => {
    setSession(currentSession());
    return onSession(setSession);
  }, []);
  return session;
}

/**
 * Loads at first, when `deps` change, after logging in again, and when the connection returns.
 *
 * @param {(signal: AbortSignal) => Promise} load
 * @returns `data`, kept while it loads again; `error` of the latest load; `times`, the number of loads, failed ones included
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

/** Loads again `pause` milliseconds after each load, unless `pause` is null. */
export function useAgain({ reload, times }, pause) {
  useEffect(() => {
    const timer = pause !== null && setTimeout(reload, pause);
    return () => clearTimeout(timer);
  }, [times]);
}

/** Milliseconds before a failed load is retried automatically. */
export const RETRY_PAUSE = 3_000;

/** Loads data that the page needs, and retries until it succeeds. */
export function useRetried(load, deps) {
  const loaded = useLoad(load, deps);
  useAgain(loaded, loaded.error ? RETRY_PAUSE : null);
  return loaded;
}

/** State that is reset when `key` changes. */
export function useStateOf(key, begin) {
  const [kept, setKept] = useState(() => ({ key, value: begin() }));
  const current = kept.key === key ? kept : { key, value: begin() };
  if (current !== kept) {
    setKept(current);
  }
  const set = change => setKept(kept => kept.key === key ? { key, value: change(kept.value) } : kept);
  return [current.value, set];
}

/** Calls a function when data has been loaded for the first time, or could not be. @param onSettled may be missing */
export function useSettled(isSettled, onSettled) {
  useEffect(() => {
    if (isSettled) {
      onSettled?.();
    }
  }, [isSettled]);
}

const PAGE_SIZE = 50;
/** Milliseconds for which a prefetched page is used. */
const FRESH = 5_000;
/** How many pages without a match a search skips automatically. */
const FURTHER = 4;

/** For each page of a list that this tab has visited: the cursor of the previous page, and its number. */
const trails = recalled('keyhook-pages');
const MOST_TRAILS = 200;
addEventListener('pagehide', () => recall('keyhook-pages', trails, MOST_TRAILS));

/**
 * A list, page by page. The cursor of the page is in the address. The next page is prefetched.
 *
 * @param name of the list, if its page has several
 * @param version the list is loaded again when it changes
 * @returns as useLoad; `data` is a page with the `key`, the `cursor` and the time `at` of its request; `isCurrent` says
 *     whether it is the page to show; `rows` is null until a page of this list is loaded; `page` is its number, or null if
 *     this tab has not come to it from the first page
 */
export function usePages(path, query, { size = PAGE_SIZE, version = 0, name = '' } = {}) {
  const parameter = name ? name + 'Cursor' : 'cursor';
  const location = useLocation();
  const key = path + JSON.stringify(query);
  const cursor = location.query[parameter] ?? null;
  const ahead = useRef(null);
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
  const isOfList = load.data?.key === key;
  const isCurrent = isOfList && load.data.cursor === cursor;
  const others = Object.entries(location.query).filter(([name]) => !/cursor$|^open$/i.test(name));
  const trailOf = cursor => to(location.path, { ...Object.fromEntries(others), [parameter]: cursor });
  const trail = cursor === null ? { page: 1, previous: null } : trails.get(trailOf(cursor));
  const turnTo = cursor => changeQuery({ [parameter]: cursor }, { stay: !!name });
  return {
    ...load,
    key,
    isCurrent,
    rows: isOfList ? load.data.data : null,
    page: trail?.page ?? null,
    isFirst: cursor === null,
    first: () => turnTo(null),
    previous: cursor !== null && trail ? () => turnTo(trail.previous) : null,
    next: isCurrent && load.data.nextCursor ? () => {
      trails.set(trailOf(load.data.nextCursor), { page: trail ? trail.page + 1 : null, previous: cursor });
      turnTo(load.data.nextCursor);
    } : null,
  };
}

/** The server's time, updated every `step` milliseconds. */
export function useNow(step) {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw(times => times + 1), step);
    return () => clearInterval(timer);
  }, [step]);
  return now();
}

const REFRESH = 60_000;

/** Runs an action every `step` milliseconds, by default once a minute, while the tab is visible. */
export function useRefresh(reload, step = REFRESH) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), step);
    return () => clearInterval(timer);
  }, [step]);
}

let ids = 0;

/** An id for an element of this component. */
export function useId() {
  return useState(() => 'id' + ++ids)[0];
}
