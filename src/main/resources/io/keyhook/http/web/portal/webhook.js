import { html, useState } from '../app/preact.js';
import { get, patch, post, remove } from '../app/api.js';
import { dateTime, plural, shortUrl } from '../app/format.js';
import { backTo, go } from '../app/router.js';
import { announce, Badge, Button, Card, Confirm, Empty, Facts, IdText, Loaded, Notice, PagedTable, PageHead, Time, Url } from '../app/ui.js';
import { useLoad, usePages, useRefresh } from '../app/use.js';
import { DELIVERY_COLUMNS } from '../app/pages/delivery-columns.js';
import { PauseWebhook } from '../app/pages/pause.js';
import { EditWebhook, RotateSecret, Snippets } from '../app/pages/webhook-form.js';
import { formatFacts } from '../app/pages/webhook-format.js';
import { headerFacts } from '../app/pages/webhook-headers.js';
import { Health, TestCard } from '../app/pages/webhook.js';
import { WebhookStatus } from '../app/pages/webhooks.js';

/** Milliseconds between loads: a portal has no stream of deliveries. */
const REFRESH = 10_000;

export function WebhookPage({ id }) {
  const loaded = useLoad(signal => get('api/webhooks/' + id, {}, signal), [id]);
  const back = backTo('/', 'Webhooks');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="Webhook" back=${back} />`}>${webhook =>
    html`<${Webhook} webhook=${webhook} back=${back} onChanged=${webhook => loaded.setData(() => webhook)}
      reload=${loaded.reload} />`}</${Loaded}>`;
}

function Webhook({ webhook, back, onChanged, reload }) {
  const { id } = webhook;
  const [dialog, setDialog] = useState(null);
  // grows with every change that all cards of the page have to show
  const [version, setVersion] = useState(0);
  const done = () => setVersion(version => version + 1);
  const changed = webhook => {
    onChanged(webhook);
    done();
  };
  const health = useLoad(signal => get(`api/webhooks/${id}/health`, {}, signal), [id, version]);
  useRefresh(() => {
    reload();
    done();
  }, REFRESH);
  const close = () => setDialog(null);
  const change = async (action, words) => {
    try {
      changed(await action());
      announce(words, 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  const activate = () => change(() => patch('api/webhooks/' + id, { isActive: true }), 'Webhook reactivated');
  const resume = () => change(() => post(`api/webhooks/${id}/resume`), 'Webhook resumed. The events that waited are sent, oldest first.');
  return html`<${PageHead} title=${shortUrl(webhook.url)} mono back=${back} badge=${html`<${WebhookStatus} webhook=${webhook} />`}>
      <${Button} needs="member" onClick=${() => setDialog('edit')}>Edit</${Button}>
      <${Button} needs="member" icon="keys" onClick=${() => setDialog('rotate')}>Rotate secret</${Button}>
      ${webhook.pausedAt && html`<${Button} needs="member" kind="primary" onClick=${resume}>Resume</${Button}>`}
      ${webhook.isActive && !webhook.pausedAt && html`<${Button} needs="member" onClick=${() => setDialog('pause')}>Pause</${Button}>`}
      ${webhook.isActive ? html`<${Button} needs="member" onClick=${() => setDialog('deactivate')}>Deactivate</${Button}>`
        : html`<${Button} needs="member" kind="primary" onClick=${activate}>Reactivate</${Button}>`}
      <${Button} needs="member" kind="danger-quiet" icon="trash" onClick=${() => setDialog('delete')}>Delete</${Button}>
    </${PageHead}>
    ${!webhook.isActive && (webhook.deactivatedReason
      ? html`<${Notice} tone="bad" title="This webhook was deactivated">${webhook.deactivatedReason}. Fix your endpoint, send a test event,
          then reactivate the webhook and redeliver what failed.</${Notice}>`
      : html`<${Notice} tone="info" title="This webhook is inactive">Nothing is sent to it except test events.</${Notice}>`)}
    ${webhook.pausedAt && html`<${Notice} tone="info" title="This webhook is paused">Events wait and are sent when you resume, oldest
        first. Paused <${Time} at=${webhook.pausedAt} />.</${Notice}>`}
    ${webhook.previousSecretUntil && html`<${Notice} tone="info" title="More than one secret is active">The oldest previous secret stops
        signing on ${dateTime(webhook.previousSecretUntil)}.</${Notice}>`}
    <div class="split">
      <${TestCard} webhook=${webhook} onTested=${done} />
      <${Card} title="Webhook"><${Facts} of=${[
        ['URL', html`<span class="mono breakable"><${Url} of=${webhook.url} /></span>`],
        ['Events', webhook.events.map(event => html`<${Badge} key=${event}>${event}</${Badge}> `)],
        webhook.description && ['Description', webhook.description],
        ...formatFacts(webhook),
        webhook.rateLimit && ['Rate limit', plural(webhook.rateLimit, 'attempt') + ' per second'],
        ...headerFacts(webhook),
        ['Created', dateTime(webhook.createdAt)],
        ['ID', html`<${IdText} of=${id} />`],
      ]} /></${Card}>
    </div>
    <${Health} id=${id} of=${health} />
    <${Deliveries} id=${id} version=${version} />
    <${Card} title="Verification code"><p class="faint">Verify the signature with this webhook’s secret before you trust the payload.</p>
      <${Snippets} /></${Card}>
    ${dialog === 'edit' && html`<${EditWebhook} webhook=${webhook} onClose=${close} onChanged=${changed} />`}
    ${dialog === 'rotate' && html`<${RotateSecret} webhook=${webhook} onClose=${close} onRotated=${reload} />`}
    ${dialog === 'pause' && html`<${PauseWebhook} id=${id} onClose=${close} onPaused=${changed} />`}
    ${dialog === 'deactivate' && html`<${Confirm} title="Deactivate this webhook?" action="Deactivate" onClose=${close} run=${async () => {
      changed(await patch('api/webhooks/' + id, { isActive: false }));
      announce('Webhook deactivated', 'good');
    }}><p>Nothing is sent to it any more, and its pending deliveries are canceled. Events that occur while it is inactive are not sent
      later.</p></${Confirm}>`}
    ${dialog === 'delete' && html`<${Confirm} title="Delete this webhook?" action="Delete webhook" onClose=${close} run=${async () => {
      await remove('api/webhooks/' + id);
      announce('Webhook deleted', 'good');
      go('/');
    }}><p>Its pending deliveries are canceled and its secret is deleted.</p></${Confirm}>`}`;
}

function Deliveries({ id, version }) {
  const pages = usePages(`api/webhooks/${id}/deliveries`, {}, { version, name: 'deliveries' });
  return html`<${Card} title="Deliveries"><${PagedTable} label="Deliveries" pages=${pages} columns=${DELIVERY_COLUMNS}
    empty=${html`<${Empty} icon="deliveries" title="No deliveries yet">Send a test event, or wait for the first event.</${Empty}>`} />
  </${Card}>`;
}
