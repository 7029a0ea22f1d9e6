import { html, useEffect, useState } from '../preact.js';
import { get } from '../api.js';
import { Sparkline } from '../charts.js';
import { useMay } from '../context.js';
import { loadEndpoints, verdict, waiting, WEBHOOK_VERDICT } from '../endpoints.js';
import { number, percent, shortUrl } from '../format.js';
import { useSoon } from '../live.js';
import { replaceQuery, to, useLocation } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { Badge, Button, ButtonLink, Empty, Loaded, Notice, PageHead, StatusBadge, Table, Time, Url } from '../ui.js';
import { useLoad, useRefresh } from '../use.js';
import { ALL_LICENSE_EVENTS } from '../words.js';
import { CreateWebhook } from './webhook-form.js';

/** Milliseconds from a change of a delivery to the next load. */
const REFRESH_PAUSE = 3_000;

export function WebhookList() {
  const { query } = useLocation();
  const [creating, setCreating] = useState(false);
  const mayCreate = useMay('member');
  const usage = useWebhookUsage();
  const { used = 0, max = null } = usage ?? {};
  const none = max === 0;
  const opens = query.create && mayCreate && usage && !none;
  useEffect(() => opens && setCreating(true), [opens]);
  const list = useLoad(loadEndpoints, []);
  useRefresh(list.reload);
  const refreshSoon = useSoon(list.reload, REFRESH_PAUSE);
  useDeliveryStream(true, refreshSoon, () => {});
  const close = () => {
    setCreating(false);
    if (query.create) {
      replaceQuery({});
    }
  };
  const create = html`<${Button} needs="member" kind="primary" icon="plus" disabled=${none}
      onClick=${() => setCreating(true)}>Create webhook</${Button}>`;
  return html`<${PageHead} title="Webhooks">${!none && html`<${ButtonLink} icon="people"
      href="#/portal-links">Portal links</${ButtonLink}><${ButtonLink} icon="send"
      href="#/test-endpoint">Test endpoint</${ButtonLink}>${create}`}</${PageHead}>
    ${none && list.data?.length > 0 && html`<${NotInPlan} kept />`}
    ${max > 0 && used >= max && html`<${Notice} tone="warn" title=${`You’ve used all ${number(max)} webhooks on your plan`}
      action=${html`<${ButtonLink} href="#/plan" kind="small">View plans</${ButtonLink}>`} />`}
    <${Loaded} of=${list} lines=${8}>${webhooks => webhooks.length > 0
      ? html`<${Table} label="Webhooks" columns=${COLUMNS} rows=${webhooks} busy=${list.loading} />`
      : none ? html`<${NotInPlan} />`
        : html`<${Empty} icon="webhooks" title="No webhooks yet"
            action=${create}>Enter a URL and Keyhook will notify it the moment
          a license is activated, validated or expires. <a
              href="docs/">The guide</a> shows how to receive them.</${Empty}>`}</${Loaded}>
    ${creating && html`<${CreateWebhook} onClose=${close} />`}`;
}

/** The used and the largest number of webhooks (`max`: null is unlimited); null until they are known. */
export const useWebhookUsage = () => useLoad(signal => get('api/account', {}, signal), []).data?.usage.webhooks ?? null;

/** Shown to accounts whose plan has no webhooks. @param kept whether there are webhooks of an earlier plan */
export function NotInPlan({ kept }) {
  const title = 'Your plan does not include webhooks';
  const view = kind => html`<${ButtonLink} href="#/plan" kind=${kind}>View plans</${ButtonLink}>`;
  return kept ? html`<${Notice} tone="warn" title=${title} action=${view('small')}>Your webhooks are kept, but Keyhook sends
      nothing to them.</${Notice}>`
    : html`<${Empty} icon="plan" title=${title} action=${view('primary')}>With webhooks, Keyhook notifies your server the moment
      a license is activated, validated or expires.</${Empty}>`;
}

const COLUMNS = [
  { name: 'Endpoint', className: 'main', cell: webhook => html`<a class="row-link mono"
      href=${to('/webhooks/' + webhook.id)}><${Url} of=${shortUrl(webhook.url)} /></a>
    <div class="faint">${webhook.customer && html`<bdi>${webhook.customer}</bdi> · `}${webhook.description
        && html`<bdi>${webhook.description}</bdi> · `}${webhook.events.map(event => event === ALL_LICENSE_EVENTS ? 'all license events'
        : event.replace('license.', '')).join(', ')}</div>` },
  { name: 'Status', className: 'badge-cell', cell: webhook => html`<${WebhookStatus} webhook=${webhook} stats=${webhook.stats} />` },
  { name: 'Last 24 hours', cell: ({ stats }) => stats && html`<${Sparkline} hours=${stats.hours} />` },
  { name: 'Success rate', numeric: true, cell: ({ stats }) => percent(stats?.successRate) },
  { name: 'Last attempt', cell: ({ stats }) => html`<${Time} at=${stats?.lastAttemptAt} none="None in 24 hours" />` },
];

export function WebhookStatus({ webhook, stats }) {
  const status = verdict(webhook, stats);
  return status === 'paused' && stats?.waiting != null ? html`<${Badge} tone="info">Paused, ${waiting(stats)}</${Badge}>`
    : html`<${StatusBadge} words=${WEBHOOK_VERDICT} status=${status} />`;
}
