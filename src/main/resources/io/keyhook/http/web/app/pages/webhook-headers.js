// The part of the webhook form for headers and authentication, whose values the API never returns.
import { html } from '../preact.js';
import { Badge, Later } from '../ui.js';

/** The names that the API has for authentication, with what people read. */
export const AUTHENTICATION = { basic: 'Basic', bearer: 'Bearer token', oauth2: 'OAuth 2 client credentials', mtls: 'Client certificate (mTLS)' };
const CREDENTIALS = {
  basic: ['username', 'password'],
  bearer: ['token'],
  oauth2: ['tokenUrl', 'clientId', 'clientSecret', 'clientAuthentication', 'scope', 'audience', 'resource'],
  mtls: ['certificate', 'privateKey'],
};

/** A node of an earlier version returns none. */
const namesOf = webhook => Object.keys(webhook?.headers ?? {});

/** What the API returns of an authentication; '' for secrets. */
const shown = (webhook, field) => webhook?.authentication?.[field] ?? '';

/** The values of the form's fields. @param webhook null for a new one */
export const headerValues = webhook => ({
  headers: namesOf(webhook).map(name => ({ name, value: '', saved: true })),
  'authentication.type': webhook?.authentication?.type ?? '',
  ...Object.fromEntries(Object.values(CREDENTIALS).flat().map(field => ['authentication.' + field, shown(webhook, field)])),
});

/** Scheme, host and port, by which Keyhook decides whether values are kept; null for what is no URL. */
function origin(url) {
  try {
    return new URL(url).origin;
  } catch {
    return null;
  }
}

/** Whether the form gives a webhook with saved values another host. */
export const moves = (webhook, values) => Boolean(webhook) && origin(values.url) !== origin(webhook.url)
  && (namesOf(webhook).length > 0 || Boolean(webhook.authentication));

/** Messages by field. */
export function checkHeaders(webhook, values) {
  const wrong = {};
  const names = values.headers.map(({ name }) => name.trim().toLowerCase());
  const kept = !moves(webhook, values);
  values.headers.forEach(({ name, value, saved }, i) => {
    if (!name.trim() && value) {
      wrong.headers = 'Enter a name for each header';
    } else if (name.trim() && !value && !(saved && kept)) {
      wrong.headers = `Enter the value of ${name.trim()}, or remove the header`;
    } else if (name.trim() && names.indexOf(names[i]) !== i) {
      wrong.headers = `${name.trim()} is there twice`;
    }
  });
  const type = values['authentication.type'];
  if (type && !(type === webhook?.authentication?.type && kept)) {
    const given = CREDENTIALS[type].map(field => 'authentication.' + field);
    if (given.every(field => !values[field])) {
      wrong[given[0]] = 'Enter the credentials that your endpoint expects';
    }
  }
  return wrong;
}

/** The fields of the request; for a change, only those that change. @param webhook null for a new one */
export function headerRequest(webhook, values) {
  const request = {};
  const headers = Object.fromEntries(values.headers.filter(({ name, value }) => name.trim() && value)
    .map(({ name, value }) => [name.trim(), value]));
  for (const name of namesOf(webhook)) {
    if (!values.headers.some(row => row.name.trim().toLowerCase() === name.toLowerCase())) {
      headers[name] = null;
    }
  }
  if (Object.keys(headers).length) {
    request.headers = headers;
  }
  const type = values['authentication.type'];
  if (!type) {
    return webhook?.authentication ? { ...request, authentication: null } : request;
  }
  const given = CREDENTIALS[type].map(field => [field, values['authentication.' + field]]);
  if (type !== webhook?.authentication?.type) {
    return { ...request, authentication: { type, ...Object.fromEntries(given.filter(([, value]) => value || type === 'basic')) } };
  }
  const changed = given.filter(([field, value]) => value !== shown(webhook, field));
  return changed.length ? { ...request, authentication: { type, ...Object.fromEntries(changed) } } : request;
}

/**
 * Merges headers by name: what only one of two people added, removed or replaced stays so.
 *
 * @param mine the rows of the form
 * @param before the saved rows when it was opened
 * @param now those that are saved now
 * @returns `mine` and `theirs`, the rows with either change where both changed a header; and `isConflict`, whether they did
 */
export function mergeHeaders(mine, before, now) {
  const of = (rows, { name }) => rows.find(row => row.name.trim().toLowerCase() === name.trim().toLowerCase());
  const kept = mine.filter(row => !row.saved || of(now, row) || row.value);
  const added = now.filter(row => !of(before, row) && !of(mine, row));
  return {
    mine: [...kept.map(row => ({ ...row, saved: Boolean(of(now, row)) })), ...added],
    theirs: [...kept.map(row => of(before, row) || of(now, row) ? of(now, row) : row).filter(Boolean), ...added],
    isConflict: kept.some(row => row.value && Boolean(of(before, row)) !== Boolean(of(now, row))),
  };
}

/** Most of the form, which few webhooks need. */
export const HeaderFields = props => html`<${Later} load=${() => import('../../later/webhook-headers.js')} name="Fields"
  onClose=${() => {}} ...${props} />`;

const More = props => html`<${Later} load=${() => import('../../later/webhook-headers.js')} name="Details" onClose=${() => {}} ...${props} />`;

/** What the page of a webhook lists about them. */
export const headerFacts = webhook => [
  namesOf(webhook).length > 0 && ['Headers', namesOf(webhook).map(name => html`<${Badge} key=${name}>${name}</${Badge}> `)],
  webhook.authentication && ['Authentication', html`${AUTHENTICATION[webhook.authentication.type] ?? webhook.authentication.type}
    <${More} of=${webhook.authentication} />`],
];
