import { html } from '../preact.js';
import { post } from '../api.js';
import { DAY_LENGTH, fromLocal, plural, shortUrl, toLocal } from '../format.js';
import { Field, FormDialog, useForm } from '../form.js';
import { announce } from '../ui.js';

const PRESETS = [[1 / 24, 'Last hour'], [1, 'Last 24 hours'], [7, 'Last 7 days']];

/** Sends again all that failed since a time, for one webhook. */
export function Recover({ webhooks, webhookId, onClose, onRecovering }) {
  const form = useForm({ webhookId: webhookId || webhooks[0].id,
      since: toLocal(Date.now() - DAY_LENGTH) }, async values => {
    const { recovering } = await post(`api/webhooks/${values.webhookId}/recover`, { since: fromLocal(values.since) });
    announce(recovering ? plural(recovering, 'delivery is', 'deliveries are') + ' being sent again'
        : 'Nothing failed since then', recovering ? 'good' : 'info');
    onRecovering();
    onClose();
  }, values => ({ since: fromLocal(values.since) ? '' : 'Enter a date and a time' }));
  return html`<${FormDialog} form=${form} title="Recover failed deliveries" action="Recover" onClose=${onClose}>
    <p>Sends again every delivery that failed since a time: oldest first, at a pace that your endpoint can take, under the same
      ids and with the same bodies.</p>
    ${webhooks.length > 1 && html`<${Field} form=${form} name="webhookId" label="Webhook" as="select">
      ${webhooks.map(({ id, url }) => html`<option key=${id} value=${id}
          selected=${id === form.values.webhookId}>${shortUrl(url)}</option>`)}</${Field}>`}
    <div class="presets" role="group" aria-label="Since">${PRESETS.map(([days, text]) => html`<button
        type="button" key=${text}
      class="button small" onClick=${() => form.set('since', toLocal(Date.now() - days * DAY_LENGTH))}>${text}</button>`)}</div>
    <${Field} form=${form} name="since" label="Failed since" type="datetime-local" />
  </${FormDialog}>`;
}
