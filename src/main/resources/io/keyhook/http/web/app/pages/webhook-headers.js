// The part of the webhook form for headers and authentication, whose values the API never returns.
import { html } from '../preact.js';
import { Field } from '../form.js';
import { Badge, Button, Notice } from '../ui.js';
import { useId } from '../use.js';

/** The names that the API has for authentication, with what people read. */
const AUTHENTICATION = { basic: 'Basic', bearer: 'Bearer token' };
const KEPT = 'Saved; leave empty to keep it';
const CREDENTIALS = { basic: ['username', 'password'], bearer: ['token'] };

/** A node of an earlier version returns none. */
const namesOf = webhook => Object.keys(webhook?.headers ?? {});

/** The values of the form's fields. @param webhook null for a new one */
export const headerValues = webhook => ({
  headers: namesOf(webhook).map(name => ({ name, value: '', saved: true })),
  'authentication.type': webhook?.authentication?.type ?? '',
  'authentication.username': '',
  'authentication.password': '',
  'authentication.token': '',
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
    return { ...request, authentication: { type, ...Object.fromEntries(given) } };
  }
  const changed = given.filter(([, value]) => value);
  return changed.length ? { ...request, authentication: { type, ...Object.fromEntries(changed) } } : request;
}

export function HeaderFields({ form, webhook }) {
  const id = useId();
  const wrong = form.fields.headers;
  const rows = form.values.headers;
  const type = form.values['authentication.type'];
  const kept = type === webhook?.authentication?.type && !moves(webhook, form.values);
  const change = (at, part) => form.set('headers', rows => rows.map((row, i) => i === at ? { ...row, ...part } : row));
  const credential = (field, label, rest) => html`<${Field} key=${field} form=${form} name=${'authentication.' + field} label=${label}
    autocomplete="new-password" spellcheck=${false} placeholder=${kept ? KEPT : undefined} ...${rest} />`;
  return html`${moves(webhook, form.values) && html`<${Notice} tone="warn" title="The new URL has another host">Keyhook sends saved headers
      and credentials only to the host that you set them for. Enter each value again, or remove it.</${Notice}>`}
    <fieldset class="choices header-rows" aria-describedby=${wrong ? id : undefined}><legend>Headers <span
        class="faint">optional</span></legend>
      <p class="hint">Sent with every delivery, such as an API key that your gateway expects. Keyhook encrypts the values and never
        shows them again.</p>
      ${rows.map(({ name, value, saved }, i) => html`<div key=${i} class="header-row">
        <input class="mono" aria-label=${`Name of header ${i + 1}`} placeholder="X-Api-Key" value=${name} readonly=${saved}
          maxlength="128" autocomplete="off" spellcheck=${false} aria-invalid=${wrong ? 'true' : undefined}
          onInput=${event => change(i, { name: event.target.value })} />
        <input class="mono" aria-label=${`Value of ${name || 'header ' + (i + 1)}`} value=${value} maxlength="4096" autocomplete="off"
          spellcheck=${false} placeholder=${saved && !moves(webhook, form.values) ? KEPT : 'Value'}
          onInput=${event => change(i, { value: event.target.value })} />
        <${Button} kind="small" icon="trash" aria-label=${`Remove ${name || 'header ' + (i + 1)}`}
          onClick=${() => form.set('headers', rows => rows.filter((row, at) => at !== i))} />
      </div>`)}
      <${Button} kind="small" icon="plus" onClick=${() =>
        form.set('headers', rows => [...rows, { name: '', value: '', saved: false }])}>Add header</${Button}>
      <div class="field-error" id=${id} aria-live="polite">${wrong}</div>
    </fieldset>
    <${Field} form=${form} name="authentication.type" label="Authentication" as="select"
        hint="Sent as the Authorization header. Your endpoint should verify the signature all the same.">
      ${[['', 'None'], ...Object.entries(AUTHENTICATION)].map(([key, text]) =>
        html`<option key=${key} value=${key} selected=${key === type}>${text}</option>`)}</${Field}>
    ${type === 'basic' && html`<div class="field-pair">${credential('username', 'User name')}
        ${credential('password', 'Password', { type: 'password' })}</div>`}
    ${type === 'bearer' && credential('token', 'Token', { class: 'mono' })}`;
}

/** What the page of a webhook lists about them. */
export const headerFacts = webhook => [
  namesOf(webhook).length > 0 && ['Headers', namesOf(webhook).map(name => html`<${Badge} key=${name}>${name}</${Badge}> `)],
  webhook.authentication && ['Authentication', AUTHENTICATION[webhook.authentication.type] ?? webhook.authentication.type],
];
