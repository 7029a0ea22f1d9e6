// All calls to the API. The access token is kept in memory only; scripts cannot read the cookie that renews it.
import { learnTime, now } from './clock.js';
import { remember, remembered } from './storage.js';

/** The URL at which Keyhook is mounted: this file is at assets/<hash>/app/api.js below it. */
export const ROOT = new URL('../../../', import.meta.url);
/** Milliseconds; longer than the slowest call, which tests a webhook. */
const TIMEOUT = 30_000;
/** Milliseconds; an import may have to wait for other imports. */
const IMPORT_TIMEOUT = 90_000;
/** Milliseconds; an export may contain any number of licenses. */
const EXPORT_TIMEOUT = 600_000;
/** Milliseconds before its expiry when a token is renewed. */
const EARLY = 30_000;
/** Milliseconds that a token is used for at least, whatever this computer's clock says. */
const SHORTEST = 60_000;
const OFFLINE_CHECK = 3_000;

/**
 * An error response. `fields` has a message for each invalid field. `isUnsure` if Keyhook may have done what the call asks for:
 * its response was lost.
 */
class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.error ?? 'Keyhook returned ' + status);
    this.status = status;
    this.code = problem.code ?? 'INTERNAL_ERROR';
    this.errors = problem.errors ?? [];
    this.fields = Object.fromEntries(this.errors.map(error => [error.field, error.message]));
  }
}

/** Set while there may be a session to resume: scripts cannot see the cookie itself. */
const MARK = 'keyhook-session';

/** Whether this is a page with a credential of its own, which takes no part in the session: the administrator's, or a portal. */
let administrates = false;
/** The operator key, or the credential of a portal: in memory only, so it ends with the page. */
let operatorKey = null;

const listeners = new Set();
/** state: starting, out, in, or over (logged in before, and has to log in again). refusals: of calls, because of the user's role. */
let session = { state: 'starting', online: true, generation: 0, refusals: 0 };
let token = null;
/** The user ID in the current or latest token. */
let user = null;
let expiresAt = 0;
let renewing = null;

export function currentSession() {
  return session;
}

/** The ID of the user who is logged in, or was last; null at first. */
export function currentUser() {
  return user;
}

export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(changes) {
  session = { ...session, ...changes };
  listeners.forEach(listener => listener(session));
}

/** Stores a token. If another user logged in in another tab, reloads the page, which shows the first user's data. */
async function entered(answer) {
  const entering = userOf(answer.token);
  remember(MARK, '1');
  if ((session.state === 'in' || session.state === 'over') && entering !== user) {
    location.reload();
    await new Promise(() => {});
  }
  token = answer.token;
  user = entering;
  expiresAt = Math.max(now() + SHORTEST, Date.parse(answer.expiresAt));
  change({ state: 'in', generation: session.state === 'in' ? session.generation : session.generation + 1 });
}

function userOf(token) {
  const [, claims] = token.split('.');
  return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sub;
}

/** Waits for a response, and throws OFFLINE if there is no connection. */
async function send(method, path, { headers = {}, body, signal, within = TIMEOUT, binary = false } = {}) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), within);
  const cancel = () => timeout.abort();
  signal?.addEventListener('abort', cancel);
  try {
    const sent = Date.now();
    const answer = await fetch(new URL(path, ROOT), { method, headers, body, signal: timeout.signal });
    learnTime(answer.headers.get('Date'), sent, Date.now());
    if (answer.ok && binary) {
      const blob = await answer.blob();
      connected(true);
      return { answer, blob };
    }
    const text = await answer.text();
    connected(true);
    if (answer.ok) {
      return { answer, text };
    }
    throw new ApiError(answer.status, problem(text));
  } catch (e) {
    if (e instanceof ApiError || signal?.aborted) {
      throw e;
    }
    connected(false);
    throw new ApiError(0, { code: 'OFFLINE', detail: 'Can’t reach Keyhook. Check your connection.' });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

function problem(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function connected(online) {
  if (session.online === online) {
    return;
  }
  // calls that failed while offline are repeated
  change({ online, generation: online ? session.generation + 1 : session.generation });
  if (!online) {
    setTimeout(lookAgain, OFFLINE_CHECK);
  }
}

async function lookAgain() {
  const answer = await fetch(new URL(administrates ? 'health/live' : 'api/settings', ROOT)).catch(() => null);
  if (answer) { // any response proves the connection; a host application may not mount the health checks
    connected(true);
  } else if (!session.online) {
    setTimeout(lookAgain, OFFLINE_CHECK);
  }
}

const SESSION_HEADER = { 'X-Keyhook-Session': '1' };

/** Makes a call that takes a session's cookie instead of a token. */
export async function postWithCookie(path, headers) {
  const { text } = await send('POST', path, { headers: { ...SESSION_HEADER, ...headers } });
  return text ? JSON.parse(text) : null;
}

/** Renews the token. One tab at a time, if the browser has locks: each renewal invalidates the previous cookie. */
function renew() {
  renewing ??= exclusively(renewNow).finally(() => { renewing = null; });
  return renewing;
}

const exclusively = action => navigator.locks ? navigator.locks.request('keyhook-session', action) : action();

async function renewNow() {
  try {
    await entered(await postWithCookie('api/auth/refresh'));
  } catch (e) {
    if (e.status === 401 || e.status === 403 || e.status === 404) {
      left();
      change({ state: session.state === 'starting' || session.state === 'out' ? 'out' : 'over' });
    }
    throw e;
  }
}

function left() {
  token = null;
  remember(MARK, null);
}

/** Restores the session when the page loads. Throws if it cannot find out whether there is one. */
export async function resume() {
  if (remembered(MARK) === null) {
    change({ state: 'out' });
  } else {
    await renew();
  }
}

/** @param code of the authenticator app, or a recovery code; null: none. Without one, a login may fail with CODE_REQUIRED */
export const logIn = (email, password, code = null) => enter('api/auth/session', { email, password, ...code && { code } });

/** Starts a session with what the server asks for at this path. */
export async function enter(path, body) {
  const { text } = await send('POST', path, json(body));
  await entered(JSON.parse(text));
  tabs.postMessage('in');
}

/** Ends the session, in all tabs of this browser. */
export async function logOut() {
  await exclusively(() => postWithCookie('api/auth/logout'));
  left();
  unanswered = null;
  change({ state: 'out' });
  tabs.postMessage('out');
}

/** The tabs of this browser share the session's cookie: they log in and out together. */
const tabs = new BroadcastChannel('keyhook-session ' + ROOT.pathname);
tabs.onmessage = ({ data }) => {
  if (administrates) {
    return;
  }
  if (data === 'out') {
    token = null;
    change({ state: 'out' });
  } else if (session.state === 'out' || session.state === 'over') {
    renew().catch(() => {}); // if that fails, the user logs in here
  }
};

function json(body) {
  return body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

/** Makes this a page with a credential of its own: it takes no part in the session of the browser's other tabs. */
export function administrate() {
  administrates = true;
}

/** Uses a credential from now on. Throws, and forgets it, if the server does not accept it for a call. */
export async function enterWithKey(key, path = 'api/admin/node') {
  operatorKey = key;
  try {
    await send('GET', path, { headers: await authorization() });
  } catch (e) {
    operatorKey = null;
    throw e;
  }
  change({ state: 'in', generation: session.generation + 1 });
}

/** Forgets the operator key. */
export function leaveWithKey() {
  operatorKey = null;
  change({ state: 'out' });
}

/** The header with the current token, renewed if necessary. */
export async function authorization() {
  if (administrates && operatorKey) {
    return { Authorization: 'Bearer ' + operatorKey };
  }
  if (session.state === 'over' || session.state === 'out') {
    throw new ApiError(401, { code: 'SESSION_ENDED', detail: 'Your session has expired. Log in again.' });
  }
  if (!token || now() > expiresAt - EARLY) {
    await renew();
  }
  return { Authorization: 'Bearer ' + token };
}

/** Lets the page load its data again. */
export const loadAgain = () => change({ generation: session.generation + 1 });

/** Repeats a call once with a new token if the old one is refused. */
async function authorized(method, path, options) {
  const attempt = async () => {
    const headers = { ...options.headers, ...await authorization() };
    try {
      return await send(method, path, { ...options, headers });
    } catch (e) {
      e.isUnsure = method !== 'GET' && (e.status === 0 || e.status >= 500);
      if (e.code === 'ROLE_REQUIRED') {
        change({ refusals: session.refusals + 1 });
      } else if (e.status === 404 && method !== 'GET') {
        e.message = e.message.replace(/^There is no such (.*)/, 'The $1 was deleted');
        loadAgain(); // and the page shows so
      }
      throw e;
    }
  };
  try {
    return await attempt();
  } catch (e) {
    if (administrates && e.status === 401) {
      operatorKey = null;
      change({ state: 'over' });
      throw e;
    }
    if (e.status !== 401 || e.code === 'SESSION_ENDED') {
      throw e;
    }
    expiresAt = 0;
    return attempt();
  }
}

function withQuery(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  return search.size ? path + '?' + search : path;
}

async function call(method, path, body, { query, signal, key } = {}) {
  const { headers, ...rest } = json(body);
  const { text } = await authorized(method, withQuery(path, query), { ...rest, signal,
    headers: { ...headers, ...key && { 'Idempotency-Key': key } } });
  return text ? JSON.parse(text) : null;
}

export const get = (path, query, signal) => call('GET', path, undefined, { query, signal });
export const post = (path, body, signal) => call('POST', path, body, { signal });
export const put = (path, body) => call('PUT', path, body);
export const patch = (path, body) => call('PATCH', path, body);
/** Deletes an object. Succeeds if it was deleted already. */
export const remove = (path, query) => call('DELETE', path, undefined, { query }).catch(e => {
  if (e.status !== 404) {
    throw e;
  }
});

/** The latest request to create something that has no final response yet: its hash, as it may contain a password, and its key. */
let unanswered = null;
/** Statuses of responses that Keyhook repeats for a key. A new request may succeed later, so it needs a new key. */
const FINAL = [403, 404, 409, 422];

/** A plain hash by which a request is recognized. Pages without TLS have no cryptographic one. */
function hash(text) {
  let a = 0xdeadbeef, b = 0x41c6ce57;
  for (const char of text) {
    a = Math.imul(a ^ char.codePointAt(0), 2654435761);
    b = Math.imul(b ^ char.codePointAt(0), 1597334677);
  }
  return [a, b].map(half => Math.imul(half ^ half >>> 16, 2246822507) >>> 0).join();
}

/**
 * Sends a request that creates something, with a key: if the response is lost, the same request again creates nothing more and gets
 * that response.
 *
 * @param what the request is recognized by
 * @param send called with the key
 */
async function once(what, send) {
  const request = hash(JSON.stringify(what));
  const key = unanswered?.request === request ? unanswered.key : crypto.getRandomValues(new Uint32Array(4)).join('-');
  unanswered = { request, key };
  try {
    const made = await send(key);
    unanswered = null;
    return made;
  } catch (e) {
    if (e.code === 'IDEMPOTENCY_KEY_IN_USE') {
      e.message = 'Your first request is still in progress. Try again in a moment.';
    } else if (FINAL.includes(e.status)) {
      unanswered = null;
    }
    throw e;
  }
}

/** Creates something, once. */
export const createOnce = (path, body) => once([path, { ...body, code: undefined }], // a code works once
  key => call('POST', path, body, { key }));

/** Creates what a CSV file contains, once. */
export const importOnce = (path, text) => once([path, text], async key => JSON.parse((await authorized('POST', path, {
  headers: { 'Content-Type': 'text/csv', 'Idempotency-Key': key }, body: text, within: IMPORT_TIMEOUT,
})).text));

/** Sends only the changed fields: others may have changed the rest. Returns null, and sends nothing, if no field changed. */
export async function patchChanges(path, before, after) {
  const changes = Object.entries(after)
    .filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field]));
  return changes.length ? patch(path, Object.fromEntries(changes)) : null;
}

/** Calls that need no login. */
export async function getPublic(path) {
  return JSON.parse((await send('GET', path)).text);
}

export async function postPublic(path, body) {
  const { text } = await send('POST', path, json(body));
  return text ? JSON.parse(text) : null;
}

export async function getCsv(path, query) {
  return (await authorized('GET', withQuery(path, query), { within: EXPORT_TIMEOUT })).text;
}

/** Saves a response as a file, as a download would. */
export async function download(path, name) {
  const { blob } = await authorized('GET', path, { within: EXPORT_TIMEOUT, binary: true });
  saveFile(name, blob);
}

export function saveFile(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** At least so many items of a list are loaded, if there are so many. */
export const MOST_ITEMS = 1000;

/** Loads all pages of a short list, up to MOST_ITEMS. */
export async function getAll(path, signal) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(path, { limit: 100, cursor }, signal);
    items.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor && items.length < MOST_ITEMS);
  return items;
}

/** Opens the stream of deliveries. The server ends it when the token expires; the caller opens it again with a new one. */
export async function openStream(path, query, signal) {
  const answer = await fetch(new URL(withQuery(path, query), ROOT), { headers: await authorization(), signal });
  if (!answer.ok) {
    if (answer.status === 401) {
      expiresAt = 0;
    }
    throw new ApiError(answer.status, problem(await answer.text()));
  }
  return answer.body;
}
