import { html, useState } from '../preact.js';
import { get, post } from '../api.js';
import { Chart } from '../charts.js';
import { useApp, useMay } from '../context.js';
import { loadStats } from '../endpoints.js';
import { duration, millis, number, percent, shortUrl } from '../format.js';
import { Filter } from '../form.js';
import { useLive, useSoon } from '../live.js';
import { backTo, to } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { Button, ButtonLink, Card, Code, Empty, Facts, Failed, Loaded, Notice, PagedTable, PageHead, Time } from '../ui.js';
import { LISTENER, TEST_ENDPOINT } from '../url-check.js';
import { useLoad, usePages, useRefresh } from '../use.js';
import { advice, EVENT_TYPES, outcome } from '../words.js';
import { toAttempts } from './deliveries.js';
import { DELIVERY_COLUMNS } from './delivery-columns.js';
import { Recover } from './recover.js';
import { Recoveries } from './recoveries.js';
import { filterFacts } from './webhook-filters.js';
import { Snippets } from './webhook-form.js';
import { isChat } from './webhook-format.js';
import { WebhookActions, webhookFacts, WebhookNotices } from './webhook-parts.js';
import { WebhookStatus } from './webhooks.js';

const LATEST = 10;
/** Seconds. */
const HOUR = 3600;
const ATTEMPTS = [{ key: 'succeeded', label: 'Succeeded', color: 'good' }, { key: 'failed', label: 'Failed', color: 'bad' }];
/** Milliseconds from a change of a delivery to the next load. */
const REFRESH_PAUSE = 1_500;
/** Milliseconds between loads: what other people change reaches the page in no other way. */
const REFRESH = 15_000;

export function WebhookPage({ id }) {
  const loaded = useLoad(signal => get('api/webhooks/' + id, {}, signal), [id]);
  const back = backTo('/webhooks', 'Webhooks');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="Webhook" back=${back} />`}
      gone="This webhook was deleted" back=${back}>${webhook =>
    html`<${Webhook} webhook=${webhook} back=${back} onChanged=${webhook => loaded.setData(() => webhook)}
        reload=${loaded.reload} />`}</${Loaded}>`;
}

function Webhook({ webhook, back, onChanged, reload }) {
  const { id } = webhook;
  const [recovering, setRecovering] = useState(false);
  // grows with every change that all cards of the page have to show
  const [version, setVersion] = useState(0);
  const done = () => setVersion(version => version + 1);
  const changed = webhook => {
    onChanged(webhook);
    done();
  };
  const health = useLoad(signal => get(`api/webhooks/${id}/health`, {}, signal), [id, version]);
  const stats = useLoad(loadStats, [version]);
  const refreshSoon = useSoon(() => {
    reload();
    done();
  }, REFRESH_PAUSE);
  useDeliveryStream(true, delivery => delivery.webhookId === id && refreshSoon(), refreshSoon);
  useRefresh(reload, REFRESH);
  return html`<${PageHead} title=${shortUrl(webhook.url)} mono back=${back}
      badge=${html`<${WebhookStatus} webhook=${webhook} stats=${stats.data?.get(id)} />`}>
      <${WebhookActions} webhook=${webhook} list="/webhooks" onChanged=${changed} onRotated=${reload} />
    </${PageHead}>
    <${WebhookNotices} webhook=${webhook} repair="recover the failed deliveries" />
    ${webhook.url.startsWith(TEST_ENDPOINT) && html`<${Notice} tone="info" title="Sends to the built-in test endpoint"
        action=${html`<${ButtonLink} kind="small" href="#/test-endpoint">View requests</${ButtonLink}>`} />`}
    ${webhook.url.startsWith(LISTENER) && html`<${Notice} tone="info" title="Sends to the listen command">Deliveries go to the machine on
      which the command runs. While it is not running, attempts fail with “Connection refused”.</${Notice}>`}
    <div class="split">
      <${TestCard} webhook=${webhook} onTested=${done} />
      <${Card} title="Webhook"><${Facts} of=${webhookFacts(webhook, [
        webhook.customer && ['Customer', webhook.customer],
        ...filterFacts({ filters: webhook.customerFilters }).filter(Boolean).map(([name, value]) => [name.replace('Only', 'Customer’s'), value]),
        webhook.ordering === 'license' && ['Order', 'By license'],
        ...filterFacts(webhook),
      ])} /></${Card}>
    </div>
    <${Recoveries} webhookId=${id} version=${version} />
    <${Health} id=${id} of=${health} hours=${stats.times > 0 ? stats.data?.get(id)?.hours ?? null : undefined} />
    <${Latest} id=${id} version=${version} onRecover=${() => setRecovering(true)} />
    ${!isChat(webhook) && html`<${Card} title="Verification code">
      <p class="faint">Verify the signature with this webhook’s secret before you trust the payload.</p>
      <${Snippets} /></${Card}>`}
    ${recovering && html`<${Recover} webhooks=${[webhook]} onClose=${() => setRecovering(false)} onRecovering=${done} />`}`;
}

/** Sends one test delivery and shows the response of the endpoint. */
export function TestCard({ webhook, onTested }) {
  const [event, setEvent] = useState('');
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  const { settings, offers = () => true } = useApp();
  const mayTest = useMay('support');
  const options = [['', 'webhook.test'], ...EVENT_TYPES.filter(offers).map(e => [e, e])];
  const run = async () => {
    setBusy(true);
    setResult(null);
    setError(null);
    try {
      setResult(await post('api/webhooks/test', { webhookId: webhook.id, event: event || null }));
      onTested();
    } catch (e) {
      setError(e);
    }
    setBusy(false);
  };
  return mayTest && html`<${Card} title="Test" screen=${!result && !error}>
    <p class="faint">Sends one signed delivery with sample data now and shows the response. Works for paused and inactive webhooks too.</p>
    <div class="filters">
      <${Filter} label="Event to send" value=${event} options=${options} onChange=${setEvent} />
      <${Button} needs="support" kind="primary" icon="send" busy=${busy} onClick=${run}>Send test event</${Button}>
    </div>
    <div aria-live="polite">${busy && html`<p class="faint">Waiting for the response${settings.data
        && `, up to ${duration(settings.data.timeout)}`}…</p>`}
      ${error && html`<${Failed} error=${error} />`}${result && html`<${TestResult} result=${result} />`}</div>
  </${Card}>`;
}

function TestResult({ result }) {
  const { success, statusCode, responseTime, error, responseBody } = result;
  const help = advice(statusCode, error, responseBody);
  return html`<div class="test-result">
    <${Notice} tone=${success ? 'good' : 'bad'} title=${success ? 'Test succeeded' : outcome(statusCode, error)}>
      ${success ? `Your endpoint returned ${statusCode} in ${millis(responseTime)}.` : help}</${Notice}>
    <${Facts} of=${[
      ['Status', statusCode ?? 'No response'],
      ['Time', millis(responseTime)],
      result.errorDetail && ['Details', result.errorDetail],
      ['Delivery', html`<a href=${to('/deliveries/' + result.deliveryId)}>View in the log</a>`],
    ]} />
    ${responseBody ? html`<h3>Response body</h3><${Code} label="response body" text=${responseBody} />`
      : statusCode != null && html`<p class="faint">The response had no body.</p>`}
  </div>`;
}

const NO_ATTEMPTS = { count: 0, succeeded: 0, successRate: null };
/** Takes the place of what is not loaded yet. */
const UNKNOWN = { lastHour: NO_ATTEMPTS, lastDay: NO_ATTEMPTS, lastWeek: NO_ATTEMPTS, responseTime: { p50: null, p95: null },
  lastSuccessAt: null, lastFailureAt: null, consecutiveFailures: 0, pending: 0 };

/** @param hours of the last day, each with its attempts; undefined while it loads, null if there is no chart */
export function Health({ id, of: health, hours }) {
  const isKnown = health.data && hours !== undefined || health.error;
  const shown = (h, hours) => html`<${Windows} of=${h} />
    ${hours && html`<h3>Attempts in the last 24 hours</h3><${Chart} label="Attempts in the last 24 hours" points=${hours}
        series=${ATTEMPTS} interval=${HOUR} opens="deliveries" linkTo=${hour => toAttempts(hour, HOUR, id)} />`}`;
  return html`<${Card} title="Health">
    <p class="faint">Test deliveries are listed below but not counted here.</p>
    ${isKnown ? html`<${Loaded} of=${health}>${h => shown(h, hours)}</${Loaded}>`
      : html`<div class="reserved skeleton-line" role="status" aria-busy="true"><span class="sr">Loading…</span>
        <div aria-hidden="true">${shown(UNKNOWN, hours === null ? null : [])}</div></div>`}
  </${Card}>`;
}

function Windows({ of: h }) {
  const window = ({ count, succeeded, successRate }) => html`<p class="figure">${percent(successRate)}${' '}
    <span class="faint">${count ? `${number(succeeded)} of ${number(count)}` : 'No attempts'}</span></p>`;
  return html`<div class="tiles">
    <div><h3>Last hour</h3>${window(h.lastHour)}</div>
    <div><h3>Last 24 hours</h3>${window(h.lastDay)}</div>
    <div><h3>Last 7 days</h3>${window(h.lastWeek)}</div>
    <div><h3>Response time</h3><p class="figure">${millis(h.responseTime.p95)}
      ${h.responseTime.p50 === null ? html` <span class="faint">No recent attempts</span>` : html` <span class="faint">p95</span>${' '}
          <span class="faint nowrap">· ${millis(h.responseTime.p50)} p50</span>`}</p></div>
    <div><h3>Last success</h3><${Time} at=${h.lastSuccessAt} none="None in the last 7 days" /></div>
    <div><h3>Last failure</h3><${Time} at=${h.lastFailureAt} none="None in the last 7 days" /></div>
    <div><h3>Consecutive failures</h3>${number(h.consecutiveFailures)}</div>
    <div><h3>Pending or retrying</h3>${number(h.pending)}</div>
  </div>`;
}

function Latest({ id, version, onRecover }) {
  const { pages } = useLive(usePages(`api/webhooks/${id}/deliveries`, {}, { size: LATEST, version, name: 'deliveries' }), true,
    delivery => delivery.webhookId === id, () => true);
  return html`<${Card} title="Latest deliveries" action=${html`<span class="card-actions">
      <${Button} needs="support" kind="small" icon="repeat" onClick=${onRecover}>Recover</${Button}>
      <a href=${to('/deliveries', { webhookId: id })}>All deliveries</a></span>`}>
    <${PagedTable} label="Latest deliveries" pages=${pages} columns=${DELIVERY_COLUMNS}
      empty=${html`<${Empty} icon="deliveries"
          title="No deliveries yet">Send a test event, or wait for the first event.</${Empty}>`} />
  </${Card}>`;
}
