import { html } from '../preact.js';
import { post } from '../api.js';
import { now } from '../clock.js';
import { DAY_LENGTH, fromLocal, plural, shortUrl, toLocal, zoneHint } from '../format.js';
import { Field, FormDialog, useForm } from '../form.js';
import { announce } from '../ui.js';

const PRESETS = [[1 / 24, 'Last hour'], [1, 'Last 24 hours'], [7, 'Last 7 days']];

/** Recovers the failed deliveries of one webhook since a time. */
export function Recover({ webhooks, webhookId, onClose, onRecovering }) {
  const form = useForm({ webhookId: webhookId || webhooks[0].id,
      since: toLocal(now() - DAY_LENGTH) }, async values => {
    const { recovering } = await post(`api/webhooks/${values.webhookId}/recover`, { since: fromLocal(values.since) });
    announce(recovering ? 'Recovering ' + plural(recovering, 'delivery', 'deliveries')
        : 'No failed deliveries since then. Keyhook retries pending deliveries automatically and does not recover test deliveries.',
        recovering ? 'good' : 'info');
    onRecovering();
    onClose();
  }, values => ({ since: fromLocal(values.since) ? '' : 'Enter a date and a time' }));
  return html`<${FormDialog} form=${form} title="Recover failed deliveries" action="Recover" onClose=${onClose}>
    <p>Redelivers every failed delivery created since this time, oldest first, with the same IDs and bodies, at a pace that
      your endpoint can handle. Test deliveries are not included.</p>
    ${webhooks.length > 1 && html`<${Field} form=${form} name="webhookId" label="Webhook" as="select">
      ${webhooks.map(({ id, url }) => html`<option key=${id} value=${id}
          selected=${id === form.values.webhookId}>${shortUrl(url)}</option>`)}</${Field}>`}
    <div class="presets" role="group" aria-label="Since">${PRESETS.map(([days, text]) => html`<button
        type="button" key=${text}
      class="button small" onClick=${() => form.set('since', toLocal(now() - days * DAY_LENGTH))}>${text}</button>`)}</div>
    <${Field} form=${form} name="since" label="Created since" type="datetime-local" hint=${zoneHint} />
  </${FormDialog}>`;
}
