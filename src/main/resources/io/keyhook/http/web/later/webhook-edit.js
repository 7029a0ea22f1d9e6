// Dialogs of a webhook that exists.
import { html, useState } from '../app/preact.js';
import { patchChanges, post } from '../app/api.js';
import { useApp } from '../app/context.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { check, Fields, ShowSecret, toRequest } from '../app/pages/webhook-form.js';
import { filterRequest, filterValues } from '../app/pages/webhook-filters.js';
import { formatRequest, formatValues, isChat } from '../app/pages/webhook-format.js';
import { headerRequest, headerValues, mergeHeaders } from '../app/pages/webhook-headers.js';
import { announce, Notice } from '../app/ui.js';
import { Conflicts, useEdit } from './edit.js';

const valuesOf = webhook => ({
  url: webhook.url,
  events: webhook.events,
  description: webhook.description ?? '',
  rateLimit: String(webhook.rateLimit ?? ''),
  ordering: webhook.ordering,
  ...formatValues(webhook),
  ...filterValues(webhook),
  ...headerValues(webhook),
});

const request = values => ({ ...toRequest(values), ...formatRequest(values), ...filterRequest(values) });

/** What the API does not return of an authentication. */
const SECRETS = ['username', 'password', 'token', 'clientSecret', 'certificate', 'privateKey'].map(field => 'authentication.' + field);

const replacesSecret = (name, values, { authentication }) => name === 'headers' ? values.headers.some(({ saved, value }) => saved && value)
  : Boolean(authentication) && SECRETS.includes(name);

export function EditWebhook({ webhook, onClose, onChanged }) {
  const { settings } = useApp();
  const path = 'api/webhooks/' + webhook.id;
  const form = useEdit({
    path,
    of: webhook,
    valuesOf,
    save: async (values, current) => {
      const saved = await patchChanges(path, request(valuesOf(current)), { ...request(values), ...headerRequest(current, values) });
      if (saved) {
        announce('Webhook saved', 'good');
      }
      onChanged(saved ?? current);
      onClose();
    },
    check: check(settings, webhook),
    whole: name => name.replace(/^authentication\..*/, 'authentication'),
    merges: { headers: mergeHeaders },
    replacesSecret,
  });
  return html`<${FormDialog} form=${form} title="Edit webhook" wide action="Save" onClose=${onClose}>
    <${Conflicts} form=${form} what="webhook" />
    <${Fields} form=${form} settings=${settings} webhook=${webhook} />
    ${form.values.url !== webhook.url && html`<${Notice}
        tone="info">Pending and retrying deliveries will go to the new URL.</${Notice}>`}
    ${isChat(webhook) && !isChat(form.values) && html`<${Notice}
        tone="info">Your endpoint can verify signatures. Rotate the secret after saving to see one.</${Notice}>`}
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
  return html`<${FormDialog} form=${form} title="Rotate secret" action="Rotate secret" onClose=${onClose}>
    <p>Keyhook creates a new secret. During the overlap it signs each delivery with both secrets, so that your endpoint loses
      none:</p>
    <ol class="plain-list"><li>Rotate the secret and copy the new one.</li><li>Deploy it to your endpoint.</li>
      <li>When the overlap ends, Keyhook signs with the new secret only.</li></ol>
    <${Field} form=${form} name="overlapHours" label="Overlap in hours" inputmode="numeric"
      hint=${hours === 0 ? 'All previous secrets stop signing immediately. Choose this if one has leaked.'
          : 'How long the old secret keeps signing alongside the new one.'} />
  </${FormDialog}>`;
}
