// The session of a portal: a link opens once, and its cookie resumes the session when the page is loaded again.
import { administrate, authorization, enterWithKey, leaveWithKey, postPublic, postWithCookie } from '../app/api.js';

/** The start of a token, which names its link: the IDs of an account and a link, without the secret. */
const LINK = 42;
/** What comes before it in the credential of a session. */
const PREFIX = 'khp_';
const TOKEN = /^#([\w-]{86})$/;

administrate();

/** Takes the token out of the address, so that it stays in no history. Null: the address has none. */
function takeToken() {
  const token = TOKEN.exec(location.hash)?.[1] ?? null;
  if (token) {
    history.replaceState(history.state, '', '#/');
    dispatchEvent(new Event('hashchange'));
  }
  return token;
}

const token = takeToken();
/** Whether the address had a link when the page was loaded. */
export const hasLink = token !== null;

/** Which link a session is of. */
const link = credential => credential.slice(PREFIX.length, PREFIX.length + LINK);

/** Returns the session of the cookie; null: there is none. */
async function resume() {
  try {
    return await postWithCookie('api/portal/refresh');
  } catch (e) {
    if (e.status === 401) {
      return null;
    }
    throw e;
  }
}

/** Opens the link of the address. One that this browser has opened before goes on with its session. */
async function open() {
  try {
    return await postPublic('api/portal/session', { token });
  } catch (e) {
    const session = e.status === 404 ? await resume() : null;
    if (session && link(session.token) === token.slice(0, LINK)) {
      return session;
    }
    throw e;
  }
}

/** On which the other tabs of a session hear that it was ended. */
const ended = new BroadcastChannel('keyhook-portal');

/** Ends the session of this tab, and its link. Another link may have replaced the cookie since. */
export async function end({ token }) {
  await postWithCookie('api/portal/logout', await authorization());
  ended.postMessage(link(token));
  leaveWithKey();
}

/** Calls back when the session was ended in another tab. */
export function onEnd({ token }, callback) {
  const listener = ({ data }) => data === link(token) && (leaveWithKey(), callback());
  ended.addEventListener('message', listener);
  return () => ended.removeEventListener('message', listener);
}

/** Returns the session; null: the link cannot be opened, or there is no session any more. */
export async function enter() {
  try {
    const session = await (token ? open() : resume());
    if (session) {
      await enterWithKey(session.token, 'api/webhooks?limit=1');
    }
    return session;
  } catch (e) {
    if (e.status === 404) {
      return null;
    }
    throw e;
  }
}
