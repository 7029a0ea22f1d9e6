// Routes are in the URL's fragment, so that the page works under any path at which a host mounts it.
import { useLayoutEffect, useState } from './preact.js';
import { keepScroll, restoreScroll } from './scroll.js';

const listeners = new Set();
/** The latest address of each path. */
const latest = new Map();
/** The previous address. */
let before = null;

function parse(hash) {
  const [path, search] = hash.slice(1).split('?');
  return { path: path || '/', query: Object.fromEntries(new URLSearchParams(search)) };
}

/** @returns {{path: string, query: Object<string, string>}} the current address */
export const here = () => parse(location.hash);

/** The state of a history entry: its own name, and the previous address. */
const entryFrom = from => ({ entry: Math.random().toString(36).slice(2), from });

function moved() {
  if (!history.state?.entry) {
    history.replaceState(entryFrom(before), '');
  }
  before = location.hash;
  latest.set(here().path, location.hash);
  restoreScroll(history.state.entry);
  listeners.forEach(listener => listener());
}

addEventListener('hashchange', moved);
moved();

/** A link's target; empty values are left out of the query. */
export function to(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  return '#' + path + (search.size ? '?' + search : '');
}

/** A link to a list with its latest filters. If the browser's Back leads there too, the link goes back. */
export function backTo(path, label) {
  const href = latest.get(path) ?? to(path);
  const onClick = event => {
    if (history.state.from === href && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      history.back();
    }
  };
  return { href, label, onClick };
}

export function go(path, query) {
  location.hash = to(path, query);
}

/** Replaces the query of this page without adding a history entry. */
export function replaceQuery(query) {
  history.replaceState(history.state, '', to(here().path, query));
  moved();
}

/**
 * Changes parts of the current query, which may not be rendered yet, and adds a history entry. Null and '' remove a part.
 *
 * @param typed names the input that is being typed into: consecutive changes of one input share a history entry
 * @param stay whether the page keeps its scroll position
 */
export function changeQuery(changes, { typed = null, stay = false } = {}) {
  const target = to(here().path, { ...here().query, ...changes });
  if (target === location.hash) {
    return;
  }
  if (typed && history.state.typed === typed) {
    history.replaceState(history.state, '', target);
  } else {
    const state = { ...entryFrom(location.hash), typed };
    if (stay) {
      keepScroll(state.entry);
    }
    history.pushState(state, '', target);
  }
  moved();
}

/** Changes the filters of a list and returns to its first page. */
export const filter = (changes, options) => changeQuery({ cursor: null, ...changes }, options);

/** Clears the filters of a list. */
export const clearFilters = () => filter(Object.fromEntries(Object.keys(here().query).map(name => [name, null])));

export function useLocation() {
  const [hash, setHash] = useState(location.hash);
  useLayoutEffect(() => {
    const listener = () => setHash(location.hash);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return parse(hash);
}

/**
 * The first route whose pattern matches.
 *
 * @param {Array<[string, Function]>} routes patterns such as /licenses/:id
 */
export function match(routes, path) {
  const parts = path.split('/');
  for (const [pattern, page] of routes) {
    const names = pattern.split('/');
    if (names.length === parts.length && names.every((name, i) => name.startsWith(':') ? parts[i] : name === parts[i])) {
      const params = {};
      names.forEach((name, i) => {
        if (name.startsWith(':')) {
          params[name.slice(1)] = decode(parts[i]);
        }
      });
      return { page, params };
    }
  }
  return null;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
