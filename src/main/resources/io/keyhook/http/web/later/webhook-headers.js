// The fields of the webhook form for headers and authentication.
import { html } from '../app/preact.js';
import { Field } from '../app/form.js';
import { AUTHENTICATION, moves } from '../app/pages/webhook-headers.js';
import { Badge, Button, Notice } from '../app/ui.js';
import { useId } from '../app/use.js';
import { date, DAY_LENGTH } from '../app/format.js';
import { now } from '../app/clock.js';

const KEPT = 'Saved; leave empty to keep it';
/** How a client secret is sent: the names that the API has, with what people read. */
const METHODS = { client_secret_basic: 'In the Authorization header', client_secret_post: 'In the body' };

export function Fields({ form, webhook }) {
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
        hint="How Keyhook authenticates to your gateway. Your endpoint should still verify the signature.">
      ${[['', 'None'], ...Object.entries(AUTHENTICATION)].map(([key, text]) =>
        html`<option key=${key} value=${key} selected=${key === type}>${text}</option>`)}</${Field}>
    ${type === 'basic' && html`<div class="field-pair">${credential('username', 'User name')}
        ${credential('password', 'Password', { type: 'password' })}</div>`}
    ${type === 'bearer' && credential('token', 'Token', { class: 'mono' })}
    ${type === 'oauth2' && html`<${OAuth2} form=${form} credential=${credential} />`}
    ${type === 'mtls' && html`<${Certificate} form=${form} of=${kept ? webhook.authentication : null} />`}`;
}

/** @param credential renders the field of a secret */
function OAuth2({ form, credential }) {
  const field = (name, label, rest) => html`<${Field} key=${name} form=${form} name=${'authentication.' + name} label=${label}
    autocomplete="off" spellcheck=${false} class="mono" ...${rest} />`;
  const method = form.values['authentication.clientAuthentication'] || 'client_secret_basic';
  return html`${field('tokenUrl', 'Token URL', { type: 'url', inputmode: 'url', placeholder: 'https://auth.example.com/oauth2/token',
      hint: 'Keyhook gets access tokens here and sends them as bearer tokens.' })}
    <div class="field-pair">${field('clientId', 'Client ID')}
      ${credential('clientSecret', 'Client secret', { type: 'password' })}</div>
    <${Field} form=${form} name="authentication.clientAuthentication" label="Send the client secret" as="select">
      ${Object.entries(METHODS).map(([key, text]) =>
        html`<option key=${key} value=${key} selected=${key === method}>${text}</option>`)}</${Field}>
    ${field('scope', 'Scope', { optional: true, hint: 'Separate several scopes by spaces.' })}
    <div class="field-pair">${field('audience', 'Audience', { optional: true })}
      ${field('resource', 'Resource', { optional: true })}</div>`;
}

/** @param of the certificate that is saved; null: none is */
function Certificate({ form, of }) {
  const field = (name, label, hint) => html`<${Field} key=${name} form=${form} name=${'authentication.' + name} label=${label} as="textarea"
    rows="4" spellcheck=${false} class="mono" placeholder=${of ? KEPT : undefined} hint=${hint} />`;
  return html`${field('certificate', 'Certificate', 'PEM: the client certificate, followed by those that lead to its authority.')}
    ${field('privateKey', 'Private key', 'PEM (PKCS#8), not encrypted. Keyhook encrypts it and never shows it again.')}`;
}

/** Days before the end of a certificate from which the dashboard warns. */
const WARN = 30;

/** What is known of an authentication beside its type. */
export function Details({ of }) {
  const days = of.expiresAt && Math.floor((Date.parse(of.expiresAt) - now()) / DAY_LENGTH);
  return html`${of.tokenUrl && html`<div class="mono breakable faint">${of.tokenUrl}</div>`}
    ${of.subject && html`<div class="breakable faint">${of.subject}, issued by ${of.issuer}</div>
      <div>${days < 0 ? html`<${Badge} tone="bad">Expired</${Badge}>` : days < WARN && html`<${Badge} tone="warn">Expires soon</${Badge}>`}
        <span class="faint"> Valid until ${date(of.expiresAt)}</span></div>
      <div class="mono breakable faint">SHA-256 ${of.fingerprint}</div>`}`;
}
