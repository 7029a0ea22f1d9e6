// Routes live in the fragment, so that the page works under whatever path a host mounts it.
import { useLayoutEffect, useState } from './preact.js';

const listeners = new Set();
/** For each path, the address that it was left at. */
const latest = new Map();

function parse(hash) {
  const [path, search] = hash.slice(1).split('?');
  return { path: path || '/', query: Object.fromEntries(new URLSearchParams(search)) };
}

/** @returns {{path: string, query: Object<string, string>}} where the address bar points */
export const here = () => parse(location.hash);

function moved() {
  latest.set(here().path, location.hash);
  listeners.forEach(listener => listener());
}

addEventListener('hashchange', moved);
moved();

/** A link's target; empty values are left out of the query. */
export function to(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  return '#' + path + (search.size ? '?' + search : '');
}

/** A link to a list, filtered as it was. */
export const backTo = (path, label) => ({ href: latest.get(path) ?? to(path), label });

export function go(path, query) {
  location.hash = to(path, query);
}

/** Changes the query of this page, without a step in the history. */
export function replaceQuery(query) {
  history.replaceState(null, '', to(here().path, query));
  moved();
}

/** Changes parts of this page's query as it is now, which may not be drawn yet. Null and '' remove a part. */
export function changeQuery(changes) {
  replaceQuery({ ...here().query, ...changes });
}

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
 * The first route whose pattern fits.
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
