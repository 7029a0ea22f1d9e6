// All calls to Keyhook. The access token is in memory only; the cookie that brings a new one is out of reach of scripts.
import { learnTime, now } from './clock.js';
import { remember, remembered } from './storage.js';

/** Where Keyhook is mounted: this file is at assets/<hash>/app/api.js under it. */
export const ROOT = new URL('../../../', import.meta.url);
/** Longer than the slowest call, the test of a webhook. */
const TIMEOUT = 30_000;
/** It may have to wait for the files of others. */
const IMPORT_TIMEOUT = 90_000;
/** Of all licenses, however many. */
const EXPORT_TIMEOUT = 600_000;
/** A token is renewed this long before it ends. */
const EARLY = 30_000;
/** A token is used for this long at least, wherever its clock stands. */
const SHORTEST = 60_000;
const OFFLINE_CHECK = 3_000;

/** A refusal. `fields` has the message for each field that is at fault. */
class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.error ?? 'Keyhook answered ' + status);
    this.status = status;
    this.code = problem.code ?? 'INTERNAL_ERROR';
    this.errors = problem.errors ?? [];
    this.fields = Object.fromEntries(this.errors.map(error => [error.field, error.message]));
  }
}

/** Tells that there may be a session to go on with: the cookie itself cannot be seen from here. */
const MARK = 'keyhook-session';

const listeners = new Set();
/** state: starting, out, in, or over (it was in, and has to log in again). */
let session = { state: 'starting', online: true, generation: 0 };
let token = null;
/** Whose token it is, or was. */
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

/** Takes a token. What this page shows is not for somebody else, who logged in in another tab: then it begins anew. */
async function entered(answer) {
  const entering = userOf(answer.token);
  if ((session.state === 'in' || session.state === 'over') && entering !== user) {
    location.reload();
    await new Promise(() => {});
  }
  token = answer.token;
  user = entering;
  expiresAt = Math.max(now() + SHORTEST, Date.parse(answer.expiresAt));
  remember(MARK, '1');
  change({ state: 'in', generation: session.state === 'in' ? session.generation : session.generation + 1 });
}

function userOf(token) {
  const [, claims] = token.split('.');
  return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))).sub;
}

/** Waits for an answer, or says that there is no connection. */
async function send(method, path, { headers = {}, body, signal, within = TIMEOUT } = {}) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), within);
  const cancel = () => timeout.abort();
  signal?.addEventListener('abort', cancel);
  try {
    const sent = Date.now();
    const answer = await fetch(new URL(path, ROOT), { method, headers, body, signal: timeout.signal });
    learnTime(answer.headers.get('Date'), sent, Date.now());
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
    throw new ApiError(0, { code: 'OFFLINE', detail: 'Keyhook cannot be reached. Check your connection.' });
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
  // what failed meanwhile is asked for again
  change({ online, generation: online ? session.generation + 1 : session.generation });
  if (!online) {
    setTimeout(lookAgain, OFFLINE_CHECK);
  }
}

async function lookAgain() {
  const answer = await fetch(new URL('api/settings', ROOT)).catch(() => null);
  if (answer?.ok) {
    connected(true);
  } else if (!session.online) {
    setTimeout(lookAgain, OFFLINE_CHECK);
  }
}

const SESSION_HEADER = { 'X-Keyhook-Session': '1' };

/** One at a time, over all tabs where the browser can: each renewal ends the cookie before. */
function renew() {
  renewing ??= exclusively(renewNow).finally(() => { renewing = null; });
  return renewing;
}

const exclusively = action => navigator.locks ? navigator.locks.request('keyhook-session', action) : action();

async function renewNow() {
  try {
    const { text } = await send('POST', 'api/auth/refresh', { headers: SESSION_HEADER });
    await entered(JSON.parse(text));
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

/** Restores the session when the page loads. Fails while it is not known whether there is one. */
export async function resume() {
  if (remembered(MARK) === null) {
    change({ state: 'out' });
  } else {
    await renew();
  }
}

export async function logIn(email, password) {
  const { text } = await send('POST', 'api/auth/session', json({ email, password }));
  await entered(JSON.parse(text));
  tabs.postMessage('in');
}

/** Ends the session, in all tabs of this browser. */
export async function logOut() {
  await exclusively(() => send('POST', 'api/auth/logout', { headers: SESSION_HEADER }));
  left();
  change({ state: 'out' });
  tabs.postMessage('out');
}

/** The tabs of this browser share the session's cookie: they log in and out together. */
const tabs = new BroadcastChannel('keyhook-session ' + ROOT.pathname);
tabs.onmessage = ({ data }) => {
  if (data === 'out') {
    token = null;
    change({ state: 'out' });
  } else if (session.state === 'out' || session.state === 'over') {
    renew().catch(() => {}); // where that fails, the person logs in here
  }
};

function json(body) {
  return body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

async function authorization() {
  if (session.state === 'over' || session.state === 'out') {
    throw new ApiError(401, { code: 'SESSION_ENDED', detail: 'Your session has ended. Log in again.' });
  }
  if (!token || now() > expiresAt - EARLY) {
    await renew();
  }
  return { Authorization: 'Bearer ' + token };
}

/** Once more with a new token where the old one is not taken. */
async function authorized(method, path, options) {
  const attempt = async () => send(method, path, { ...options, headers: { ...options.headers, ...await authorization() } });
  try {
    return await attempt();
  } catch (e) {
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

async function call(method, path, body, { query, signal } = {}) {
  const { text } = await authorized(method, withQuery(path, query), { ...json(body), signal });
  return text ? JSON.parse(text) : null;
}

export const get = (path, query, signal) => call('GET', path, undefined, { query, signal });
export const post = (path, body) => call('POST', path, body);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = path => call('DELETE', path);

/** Sends the fields that differ: others may have changed the rest meanwhile. Null, and nothing is sent, where none does. */
export async function patchChanges(path, before, after) {
  const changes = Object.entries(after)
    .filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field]));
  return changes.length ? patch(path, Object.fromEntries(changes)) : null;
}

/** Without logging in. */
export async function getPublic(path) {
  return JSON.parse((await send('GET', path)).text);
}

export async function postPublic(path, body) {
  return JSON.parse((await send('POST', path, json(body))).text);
}

export async function postCsv(path, text) {
  return JSON.parse((await authorized('POST', path, {
    headers: { 'Content-Type': 'text/csv' }, body: text, within: IMPORT_TIMEOUT,
  })).text);
}

export async function getCsv(path, query) {
  return (await authorized('GET', withQuery(path, query), { within: EXPORT_TIMEOUT })).text;
}

/** All of a short list, page by page. */
export async function getAll(path, signal) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(path, { limit: 100, cursor }, signal);
    items.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor && items.length < 1000);
  return items;
}

/** The open stream of deliveries: the server ends it with the token, and it is opened again with a new one. */
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
