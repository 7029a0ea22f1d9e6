import { html, useState } from '../preact.js';
import { createOnce, getPublic } from '../api.js';
import { useApp } from '../context.js';
import { Field, FormDialog, useForm } from '../form.js';
import { number } from '../format.js';
import { go } from '../router.js';
import { SNIPPETS } from '../snippets.js';
import { announce, Button, ButtonLink, Code, Dialog, Loaded, Notice, Secret, Segments } from '../ui.js';
import { useId, useLoad } from '../use.js';
import { checkForm, checkUrl } from '../url-check.js';
import { ALL_LICENSE_EVENTS } from '../words.js';
import { checkFilters, FilterFields, filterRequest, filterValues } from './webhook-filters.js';
import { FormatFields, formatRequest, formatValues, isChat } from './webhook-format.js';
import { checkHeaders, HeaderFields, headerRequest, headerValues } from './webhook-headers.js';

/** Whether http and private addresses are allowed. Until the settings are loaded, the server decides. */
const mayBeInsecure = ({ data }) => data?.allowInsecureTargets ?? true;

export const check = (settings, webhook) => values => ({
  ...checkHeaders(webhook, values),
  ...checkFilters(values),
  url: values.url ? checkForm(values.url, mayBeInsecure(settings)) : 'Enter the URL of your endpoint',
  events: values.events.length ? '' : 'Choose at least one event',
  rateLimit: checkRate(values.rateLimit.trim()),
});

const MAX_RATE = 1_000;
const ORDERS = [['none', 'Send events as they occur'], ['license', 'One event of a license at a time, in order']];

const checkRate = text => !text || /^\d+$/.test(text) && text >= 1 && text <= MAX_RATE ? '' : `Enter a whole number from 1 to ${number(MAX_RATE)}`;

/** Whether the subscription to all events of licenses includes a type. */
const isCovered = (type, events) => events.includes(ALL_LICENSE_EVENTS) && type.startsWith('license.') && type !== ALL_LICENSE_EVENTS;

/** The request as the API expects it, with null for empty fields. */
export const toRequest = ({ url, events, description, rateLimit, ordering }) => ({
  url,
  events: events.filter(type => !isCovered(type, events)).sort(), // the order has no meaning
  description: description.trim() || null,
  rateLimit: rateLimit.trim() ? Number(rateLimit) : null,
  ordering,
});

export function Fields({ form, settings, webhook }) {
  const { portal } = useApp();
  const url = form.values.url;
  const insecure = mayBeInsecure(settings);
  const looksGood = settings.data && url && !checkUrl(url, insecure);
  return html`${form.error?.code === 'PLAN_UPGRADE_REQUIRED' && html`<${ButtonLink} href="#/plan">View plans</${ButtonLink}>`}
    <${Field} form=${form} name="url" label="URL" type="url" inputmode="url" spellcheck=${false} class="mono" autofocus
      placeholder="https://hooks.example.com/keyhook" live=${url => checkUrl(url, insecure)}
      hint=${looksGood ? 'Looks good. Send a test event ' + (webhook ? 'after saving.' : 'once the webhook is created.') : !settings.data ? 'Keyhook sends a POST here.' : insecure
        ? 'Keyhook sends a POST here. Development mode: http and private addresses are allowed.'
        : 'Keyhook sends a POST here. Must be https, at a public address, on port 443 or 8443.'} />
    <${EventChoice} form=${form} />
    <${FormatFields} form=${form} />
    <${Field} form=${form} name="description" label="Description" optional maxlength="1000" />
    <${Field} form=${form} name="rateLimit" label="Rate limit" optional inputmode="numeric"
      hint="Maximum attempts per second. Further deliveries wait in the queue." />
    <${Field} form=${form} name="ordering" label="Order" as="select">${ORDERS.map(([key, name]) => html`<option key=${key} value=${key}
      selected=${key === form.values.ordering}>${name}</option>`)}</${Field}>
    ${!portal && html`<${FilterFields} form=${form} />`}
    <${HeaderFields} form=${form} webhook=${webhook} />`;
}

/** The event types, each with its description and an example. */
function EventChoice({ form }) {
  const { offers = () => true } = useApp();
  const types = useLoad(() => getPublic('api/event-types'), []);
  const id = useId();
  const wrong = form.fields.events;
  const chosen = form.values.events;
  const toggle = (type, on) => form.set('events', events => on ? [...events, type] : events.filter(other => other !== type));
  return html`<fieldset class="choices" aria-describedby=${wrong ? id : undefined}><legend>Events</legend>
    <div class="field-error" id=${id} aria-live="polite">${wrong}</div>
    <${Loaded} of=${types} lines=${4}>${({ data }) => html`<div
        class="choice-list">${data.filter(({ type }) => offers(type)).map(({ type, description, example }) => html`<div key=${type} class="choice">
      <label><input type="checkbox" name="events" aria-invalid=${wrong ? 'true' : undefined}
          checked=${isCovered(type, chosen) || chosen.includes(type)} disabled=${isCovered(type, chosen)}
        onChange=${event => toggle(type, event.target.checked)} /><span><code>${type}</code><span
            class="faint">${description}</span></span></label>
      <details><summary>Example<span class="sr"> of ${type}</span></summary>
        <${Code} label=${'example of ' + type} text=${JSON.stringify(example, null, 2)} copy=${false} /></details>
    </div>`)}${offers(ALL_LICENSE_EVENTS) && html`<div class="choice">
      <label><input type="checkbox" name="events" checked=${chosen.includes(ALL_LICENSE_EVENTS)}
        onChange=${event => toggle(ALL_LICENSE_EVENTS, event.target.checked)} /><span><code>${ALL_LICENSE_EVENTS}</code><span
            class="faint">All events of licenses, and those that later versions add</span></span></label>
    </div>`}</div>`}</${Loaded}>
  </fieldset>`;
}

/** Creates a webhook, then shows its secret, which the API returns only once. A chat has no use for it. */
export function CreateWebhook({ onClose }) {
  const { settings } = useApp();
  const [made, setMade] = useState(null);
  const form = useForm({ url: '', events: [], description: '', rateLimit: '', ordering: 'none', ...formatValues(null), ...filterValues(null), ...headerValues(null) }, async values => {
    const made = await createOnce('api/webhooks', { ...toRequest(values), ...formatRequest(values), ...filterRequest(values),
      ...headerRequest(null, values) });
    if (isChat(made)) {
      announce('Webhook created. Send a test event, and look at the chat.', 'good');
      leaveFor(made);
    } else {
      setMade(made);
    }
  }, check(settings, null));
  const leaveFor = ({ id }) => {
    onClose();
    go('/webhooks/' + id);
  };
  if (made) {
    return html`<${ShowSecret} title="Webhook created" secret=${made.secret} onClose=${() => leaveFor(made)} />`;
  }
  return html`<${FormDialog} form=${form} title="Create webhook" wide action="Create webhook" onClose=${onClose}>
    <${Fields} form=${form} settings=${settings} webhook=${null} />
  </${FormDialog}>`;
}

export function ShowSecret({ title, secret, onClose }) {
  return html`<${Dialog} title=${title} wide firm onClose=${onClose}>
    <div class="dialog-body">
      <${Notice} tone="warn" title="Copy the secret now">Keyhook shows it only once. If you lose it, rotate the secret.</${Notice}>
      <${Secret} text=${secret} what="secret" />
      <h3>Verify deliveries</h3>
      <p>Set the environment variable <code>WEBHOOK_SECRET</code> to the secret, and verify each request with this
        function:</p>
      <${Snippets} />
    </div>
    <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I’ve copied the secret</${Button}></footer>
  </${Dialog}>`;
}

export function Snippets() {
  const [language, setLanguage] = useState(SNIPPETS[0][0]);
  const [, name, code] = SNIPPETS.find(([key]) => key === language);
  return html`<${Segments} label="Language" options=${SNIPPETS} value=${language} onChange=${setLanguage} />
    <${Code} key=${language} label=${'verification in ' + name} text=${code} />
    <p class="faint">The guide has <a href="docs/start">complete programs</a> and shows <a href="docs/security#raw">how to get
      the raw body in your framework</a>.</p>`;
}
