// What the pages of a webhook have in common, for its owner and, in a portal, for a customer.
import { html, useState } from '../preact.js';
import { patch, post, remove } from '../api.js';
import { dateTime, plural } from '../format.js';
import { go } from '../router.js';
import { announce, Badge, Button, Confirm, IdText, Later, Notice, Time, Url } from '../ui.js';
import { Kept, PauseWebhook } from './pause.js';
import { formatFacts } from './webhook-format.js';
import { headerFacts } from './webhook-headers.js';

/**
 * The buttons of the page, with their dialogs.
 *
 * @param list the page to go to once the webhook is deleted
 * @param onChanged called with the changed webhook
 * @param onRotated called when it has another secret
 */
export function WebhookActions({ webhook, list, onChanged, onRotated }) {
  const [dialog, setDialog] = useState(null);
  const path = 'api/webhooks/' + webhook.id;
  const close = () => setDialog(null);
  const form = name => html`<${Later} load=${() => import('../../later/webhook-edit.js')} name=${name} webhook=${webhook} onClose=${close}
      onChanged=${onChanged} onRotated=${onRotated} />`;
  const change = async (action, words) => {
    try {
      onChanged(await action());
      announce(words, 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  const activate = () => change(() => patch(path, { isActive: true }), 'Webhook reactivated');
  const resume = () => change(() => post(path + '/resume'), 'Webhook resumed. Keyhook sends the waiting events, starting with the oldest.');
  return html`<${Button} needs="member" onClick=${() => setDialog('edit')}>Edit</${Button}>
    <${Button} needs="member" icon="keys" onClick=${() => setDialog('rotate')}>Rotate secret</${Button}>
    ${webhook.pausedAt && html`<${Button} needs="member" kind="primary" onClick=${resume}>Resume</${Button}>`}
    ${webhook.isActive && !webhook.pausedAt && html`<${Button} needs="member" onClick=${() => setDialog('pause')}>Pause</${Button}>`}
    ${webhook.isActive ? html`<${Button} needs="member" onClick=${() => setDialog('deactivate')}>Deactivate</${Button}>`
      : html`<${Button} needs="member" kind="primary" onClick=${activate}>Reactivate</${Button}>`}
    <${Button} needs="member" kind="danger-quiet" icon="trash" onClick=${() => setDialog('delete')}>Delete</${Button}>
    ${dialog === 'edit' && form('EditWebhook')}
    ${dialog === 'rotate' && form('RotateSecret')}
    ${dialog === 'pause' && html`<${PauseWebhook} id=${webhook.id} onClose=${close} onPaused=${onChanged} />`}
    ${dialog === 'deactivate' && html`<${Confirm} title="Deactivate this webhook?" action="Deactivate" onClose=${close} run=${async () => {
      onChanged(await patch(path, { isActive: false }));
      announce('Webhook deactivated', 'good');
    }}><p>Nothing more is sent to it, and its pending deliveries are canceled. Events that occur while it is inactive are not sent
      later.</p>${!webhook.pausedAt && html`<p>To keep events and send them later, pause the webhook instead.</p>`}</${Confirm}>`}
    ${dialog === 'delete' && html`<${Confirm} title="Delete this webhook?" action="Delete webhook" onClose=${close} run=${async () => {
      await remove(path);
      announce('Webhook deleted', 'good');
      go(list);
    }}><p>Its pending deliveries are canceled and its secret is deleted. Past deliveries stay in the log.</p></${Confirm}>`}`;
}

/**
 * What is unusual about a webhook.
 *
 * @param repair what to do with the deliveries that failed, once the endpoint works
 */
export function WebhookNotices({ webhook, repair }) {
  return html`${!webhook.isActive && (webhook.deactivatedReason
      ? html`<${Notice} tone="bad" title="This webhook was deactivated">${webhook.deactivatedReason}. Fix your endpoint, send a test
          event, then reactivate the webhook and ${repair}.</${Notice}>`
      : html`<${Notice} tone="info" title="This webhook is inactive">Nothing is sent to it except test events.</${Notice}>`)}
    ${webhook.pausedAt && html`<${Notice} tone="info" title="This webhook is paused">Keyhook sends it nothing except test events.
        Other events wait until you resume it. Paused <${Time} at=${webhook.pausedAt} />. <${Kept} /></${Notice}>`}
    ${webhook.previousSecretUntil && html`<${Notice} tone="info" title="More than one secret is active">The oldest previous secret
        stops signing on ${dateTime(webhook.previousSecretUntil)}.</${Notice}>`}`;
}

/** @param more what only the owner sees, between the rate limit and the headers */
export const webhookFacts = (webhook, more = []) => [
  ['URL', html`<span class="mono breakable"><${Url} of=${webhook.url} /></span>`],
  ['Events', webhook.events.map(event => html`<${Badge} key=${event}>${event}</${Badge}> `)],
  webhook.description && ['Description', webhook.description],
  ...formatFacts(webhook),
  webhook.rateLimit && ['Rate limit', plural(webhook.rateLimit, 'attempt') + ' per second'],
  ...more,
  ...headerFacts(webhook),
  ['Created', dateTime(webhook.createdAt)],
  ['ID', html`<${IdText} of=${webhook.id} />`],
];
