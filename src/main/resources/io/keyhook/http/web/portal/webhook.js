import { html, useState } from '../app/preact.js';
import { get } from '../app/api.js';
import { statsOf } from '../app/endpoints.js';
import { shortUrl } from '../app/format.js';
import { backTo } from '../app/router.js';
import { Card, Empty, Facts, Loaded, PagedTable, PageHead } from '../app/ui.js';
import { useLoad, usePages, useRefresh } from '../app/use.js';
import { DELIVERY_COLUMNS } from '../app/pages/delivery-columns.js';
import { Snippets } from '../app/pages/webhook-form.js';
import { isChat } from '../app/pages/webhook-format.js';
import { WebhookActions, webhookFacts, WebhookNotices } from '../app/pages/webhook-parts.js';
import { Health, TestCard } from '../app/pages/webhook.js';
import { WebhookStatus } from '../app/pages/webhooks.js';

/** Milliseconds between loads: a portal has no stream of deliveries. */
const REFRESH = 10_000;

export function WebhookPage({ id }) {
  const loaded = useLoad(signal => get('api/webhooks/' + id, {}, signal), [id]);
  const back = backTo('/', 'Webhooks');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="Webhook" back=${back} />`}
      gone="This webhook was deleted" back=${back}>${webhook =>
    html`<${Webhook} webhook=${webhook} back=${back} onChanged=${webhook => loaded.setData(() => webhook)}
      reload=${loaded.reload} />`}</${Loaded}>`;
}

function Webhook({ webhook, back, onChanged, reload }) {
  const { id } = webhook;
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
  return html`<${PageHead} title=${shortUrl(webhook.url)} mono back=${back} badge=${html`<${WebhookStatus} webhook=${webhook}
      stats=${health.data && statsOf(health.data)} />`}>
      <${WebhookActions} webhook=${webhook} list="/" onChanged=${changed} onRotated=${reload} />
    </${PageHead}>
    <${WebhookNotices} webhook=${webhook} repair="redeliver what failed" />
    <div class="split">
      <${TestCard} webhook=${webhook} onTested=${done} />
      <${Card} title="Webhook"><${Facts} of=${webhookFacts(webhook)} /></${Card}>
    </div>
    <${Health} id=${id} of=${health} hours=${null} />
    <${Deliveries} id=${id} version=${version} />
    ${!isChat(webhook) && html`<${Card} title="Verification code">
      <p class="faint">Verify the signature with this webhook’s secret before you trust the payload.</p>
      <${Snippets} /></${Card}>`}`;
}

function Deliveries({ id, version }) {
  const pages = usePages(`api/webhooks/${id}/deliveries`, {}, { version, name: 'deliveries' });
  return html`<${Card} title="Deliveries"><${PagedTable} label="Deliveries" pages=${pages} columns=${DELIVERY_COLUMNS}
    empty=${html`<${Empty} icon="deliveries" title="No deliveries yet">Send a test event, or wait for the first event.</${Empty}>`} />
  </${Card}>`;
}
