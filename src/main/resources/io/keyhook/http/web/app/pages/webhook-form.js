import { html, useState } from '../preact.js';
import { getPublic, patchChanges, post } from '../api.js';
import { useApp } from '../context.js';
import { Field, FormDialog, useForm } from '../form.js';
import { go } from '../router.js';
import { SNIPPETS } from '../snippets.js';
import { announce, Button, ButtonLink, Code, Dialog, Loaded, Notice, Secret, Segments } from '../ui.js';
import { useId, useLoad } from '../use.js';
import { checkForm, checkUrl } from '../url-check.js';

/** What may be entered; while that is not known, Keyhook itself decides. */
const mayBeInsecure = ({ data }) => data?.allowInsecureTargets ?? true;

const check = settings => values => ({
  url: values.url ? checkForm(values.url, mayBeInsecure(settings)) : 'Enter the URL of your receiver',
  events: values.events.length ? '' : 'Choose at least one event',
});

/** As the API takes it; what is empty is null. */
const toRequest = ({ url, events, description }) => ({
  url,
  events: [...events].sort(), // their order means nothing
  description: description.trim() || null,
});

function Fields({ form, settings }) {
  const url = form.values.url;
  const insecure = mayBeInsecure(settings);
  const looksGood = settings.data && url && !checkUrl(url, insecure);
  return html`${form.error?.code === 'PLAN_UPGRADE_REQUIRED' && html`<${ButtonLink} href="#/plan">See the plans</${ButtonLink}>`}
    <${Field} form=${form} name="url" label="URL" type="url" inputmode="url" spellcheck=${false} class="mono" autofocus
      placeholder="https://hooks.example.com/keyhook" live=${url => checkUrl(url, insecure)}
      hint=${looksGood ? 'Looks good. Send a test afterwards.' : !settings.data ? 'Where Keyhook sends a POST.' : insecure
        ? 'Where Keyhook sends a POST. This server allows http and private addresses, for development.'
        : 'Where Keyhook sends a POST: https, at a public address, port 443 or 8443.'} />
    <${EventChoice} form=${form} />
    <${Field} form=${form} name="description" label="Description" optional maxlength="1000" />`;
}

/** Each type of event with when it fires and what is sent. */
function EventChoice({ form }) {
  const types = useLoad(() => getPublic('api/event-types'), []);
  const id = useId();
  const wrong = form.fields.events;
  const toggle = (type, on) => form.set('events', events => on ? [...events, type] : events.filter(other => other !== type));
  return html`<fieldset class="choices" aria-describedby=${wrong ? id : undefined}><legend>Events</legend>
    <${Loaded} of=${types} lines=${4}>${({ data }) => html`<div
        class="choice-list">${data.map(({ type, description, example }) => html`<div key=${type} class="choice">
      <label><input type="checkbox" name="events" aria-invalid=${wrong ? 'true' : undefined}
          checked=${form.values.events.includes(type)}
        onChange=${event => toggle(type, event.target.checked)} /><span><code>${type}</code><span
            class="faint">${description}</span></span></label>
      <details><summary>Example<span class="sr"> of ${type}</span></summary>
        <${Code} label=${'example of ' + type} text=${JSON.stringify(example, null, 2)} copy=${false} /></details>
    </div>`)}</div>`}</${Loaded}>
    <div class="field-error" id=${id} aria-live="polite">${wrong}</div>
  </fieldset>`;
}

/** Ends with the secret, which is shown only once. */
export function CreateWebhook({ onClose }) {
  const { settings } = useApp();
  const [made, setMade] = useState(null);
  const form = useForm({ url: '', events: [], description: '' }, async values => {
    setMade(await post('api/webhooks', toRequest(values)));
  }, check(settings));
  if (made) {
    return html`<${ShowSecret} title="Webhook created" secret=${made.secret} onClose=${() => {
      onClose();
      go('/webhooks/' + made.id);
    }} />`;
  }
  return html`<${FormDialog} form=${form} title="Create webhook" wide action="Create webhook" onClose=${onClose}>
    <${Fields} form=${form} settings=${settings} />
  </${FormDialog}>`;
}

export function EditWebhook({ webhook, onClose, onChanged }) {
  const { settings } = useApp();
  const form = useForm({ url: webhook.url, events: webhook.events,
      description: webhook.description ?? '' }, async (values, initial) => {
    const saved = await patchChanges('api/webhooks/' + webhook.id, toRequest(initial), toRequest(values));
    if (saved) {
      onChanged(saved);
      announce('Webhook saved', 'good');
    }
    onClose();
  }, check(settings));
  return html`<${FormDialog} form=${form} title="Edit webhook" wide action="Save" onClose=${onClose}>
    <${Fields} form=${form} settings=${settings} />
    ${form.values.url !== webhook.url && html`<${Notice}
        tone="info">Deliveries that are pending go to the new URL.</${Notice}>`}
  </${FormDialog}>`;
}

export function RotateSecret({ webhook, onClose, onRotated }) {
  const [made, setMade] = useState(null);
  const form = useForm({ overlapHours: '24' }, async values => {
    const rotated = await post(`api/webhooks/${webhook.id}/rotate-secret`, { overlapHours: Number(values.overlapHours) });
    setMade(rotated);
  }, values => ({
    overlapHours: /^\d+$/.test(values.overlapHours) && values.overlapHours <= 720 ? ''
        : 'Enter a number of hours from 0 to 720',
  }));
  if (made) {
    return html`<${ShowSecret} title="New secret" secret=${made.secret} onClose=${() => {
      onRotated();
      onClose();
    }} />`;
  }
  const hours = Number(form.values.overlapHours);
  return html`<${FormDialog} form=${form} title="Rotate the secret" action="Rotate secret" onClose=${onClose}>
    <p>A new secret is made. While the two overlap, each delivery is signed with both, so that your receiver can change over
      without losing one:</p>
    <ol class="plain-list"><li>Rotate, and copy the new secret.</li><li>Put it into your receiver and deploy.</li>
      <li>When the overlap ends, only the new secret signs.</li></ol>
    <${Field} form=${form} name="overlapHours" label="Overlap in hours" inputmode="numeric"
      hint=${hours === 0 ? 'All previous secrets end at once. Choose this if one has leaked.'
          : 'How long the old secret signs beside the new one.'} />
  </${FormDialog}>`;
}

function ShowSecret({ title, secret, onClose }) {
  return html`<${Dialog} title=${title} wide firm onClose=${onClose}>
    <div class="dialog-body">
      <${Notice} tone="warn" title="Copy the secret now">It is shown this one time, and cannot be shown again. If it is lost, rotate it.</${Notice}>
      <${Secret} text=${secret} what="secret" />
      <h3>Verify what arrives</h3>
      <p>Give your receiver the secret in its environment, as <code>WEBHOOK_SECRET</code>, and check each request with this
        function:</p>
      <${Snippets} />
    </div>
    <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I have copied the secret</${Button}></footer>
  </${Dialog}>`;
}

export function Snippets() {
  const [language, setLanguage] = useState(SNIPPETS[0][0]);
  const [, name, code] = SNIPPETS.find(([key]) => key === language);
  return html`<${Segments} label="Language" options=${SNIPPETS} value=${language} onChange=${setLanguage} />
    <${Code} key=${language} label=${'verification in ' + name} text=${code} />
    <p class="faint">The guide has <a href="docs/start">complete receivers</a> and shows <a href="docs/security#raw">how to get
      the raw body in your framework</a>.</p>`;
}
