import { html, useState } from '../app/preact.js';
import { get } from '../app/api.js';
import { useApp } from '../app/context.js';
import { statsOf } from '../app/endpoints.js';
import { plural, shortUrl } from '../app/format.js';
import { to } from '../app/router.js';
import { Badge, Button, Empty, PagedTable, PageHead, Time, Url } from '../app/ui.js';
import { useLoad, usePages, useRefresh } from '../app/use.js';
import { WebhookStatus } from '../app/pages/webhooks.js';
import { CreateWebhook } from '../app/pages/webhook-form.js';

const COLUMNS = [
  { name: 'Endpoint', className: 'main', cell: webhook => html`<a class="row-link mono" href=${to('/webhooks/' + webhook.id)}><${Url}
      of=${shortUrl(webhook.url)} /></a>${webhook.description && html`<div class="faint">${webhook.description}</div>`}` },
  { name: 'Status', className: 'badge-cell', cell: webhook => html`<${Status} webhook=${webhook} />` },
  { name: 'Events', cell: ({ events }) => html`<div>${events.map(event => html`<${Badge} key=${event}>${event}</${Badge}> `)}</div>` },
  { name: 'Created', cell: webhook => html`<${Time} at=${webhook.createdAt} />` },
];

/** The same as on the webhook's own page. A portal has few webhooks, and no call for the statistics of all. */
function Status({ webhook }) {
  const health = useLoad(signal => get(`api/webhooks/${webhook.id}/health`, {}, signal), [webhook]);
  return html`<${WebhookStatus} webhook=${webhook} stats=${health.data && statsOf(health.data)} />`;
}

export function WebhookList() {
  const { portal } = useApp();
  const [creating, setCreating] = useState(false);
  const pages = usePages('api/webhooks', {});
  useRefresh(pages.reload);
  const full = pages.isFirst && pages.rows?.length >= portal.maxWebhooks;
  const create = html`<${Button} needs="member" kind="primary" icon="plus" disabled=${full}
    onClick=${() => setCreating(true)}>Create webhook</${Button}>`;
  return html`<${PageHead} title="Webhooks">${create}</${PageHead}>
    <p class="lead">A webhook notifies your server the moment something happens to one of your licenses.${portal.canManage
      && ` You can have up to ${plural(portal.maxWebhooks, 'webhook')}.`}</p>
    <${PagedTable} label="Webhooks" pages=${pages} columns=${COLUMNS}
      empty=${html`<${Empty} icon="webhooks" title="No webhooks yet" action=${create}>${portal.canManage
        ? html`Enter a URL and your server is notified. <a href="docs/">The guide</a> shows how to receive webhooks.`
        : `You can see webhooks here, but not create them. To have one created, contact ${portal.accountName}.`}</${Empty}>`} />
    ${creating && html`<${CreateWebhook} onClose=${() => {
      setCreating(false);
      pages.reload();
    }} />`}`;
}
