import { html, useEffect, useRef, useState } from '../preact.js';
import { get } from '../api.js';
import { Chart } from '../charts.js';
import { now } from '../clock.js';
import { useApp, useMay } from '../context.js';
import { loadEndpoints, needsAttention } from '../endpoints.js';
import { compact, DAY_LENGTH, millis, number, percent, planName, plural, shortUrl } from '../format.js';
import { filter, to, useLocation } from '../router.js';
import { ButtonLink, Card, Loaded, Meter, Notice, PageHead, Segments, Skeleton, Stale, Time, Url } from '../ui.js';
import { useLoad, useRefresh } from '../use.js';
import { Causes } from './causes.js';
import { toAttempts } from './deliveries.js';
import { FirstSteps } from './first-steps.js';
import { Recoveries } from './recoveries.js';
import { WebhookStatus } from './webhooks.js';

const RANGES = [['1h', '1 hour'], ['24h', '24 hours'], ['7d', '7 days'], ['30d', '30 days']];

/** Milliseconds for which the page waits for its slowest card. */
const PATIENCE = 1_000;

/** Whether something is or was true. */
function useOnce(isTrue) {
  const was = useRef(false);
  was.current ||= isTrue;
  return was.current;
}

export function Overview() {
  const { me } = useApp();
  const mayBegin = useMay('member');
  const { query } = useLocation();
  const range = RANGES.some(([key]) => key === query.range) ? query.range : '24h';
  const account = useLoad(signal => get('api/account', {}, signal), []);
  const stats = useLoad(signal => get('api/stats', { range }, signal), [range]);
  const endpoints = useLoad(loadEndpoints, []);
  // grows when a recovery may have started
  const [version, setVersion] = useState(0);
  const [since] = useState(() => new Date(now() - DAY_LENGTH).toISOString());
  // shown at once when all of it is known, so that nothing moves what is being read; without what takes too long
  const [settled, setSettled] = useState([]);
  const settles = card => () => setSettled(settled => [...settled, card]);
  const cards = endpoints.data ? ['recoveries', 'causes', ...mayBegin && account.data ? ['steps'] : []] : [];
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  const isReady = useOnce(isLate || [me, account, stats, endpoints].every(load => load.times > 0) && cards.every(card => settled.includes(card)));
  useRefresh(() => {
    stats.reload();
    endpoints.reload();
  });
  return html`<${PageHead} title="Overview">
      <${Segments} label="Time range" options=${RANGES} value=${range} onChange=${range => filter({ range })} />
    </${PageHead}>
    ${!isReady && html`<${Skeleton} lines=${24} />`}
    <div class=${'list' + (isReady ? '' : ' veiled')}>
    ${account.data && html`<${PlanWarning} account=${account.data} />`}
    <${Stale} of=${endpoints} what="the webhooks" />
    ${endpoints.data && html`<${Failing} endpoints=${endpoints.data} />`}
    ${endpoints.data && html`<${Recoveries} version=${version} onSettled=${settles('recoveries')} nameOf=${id => {
        const webhook = endpoints.data.find(webhook => webhook.id === id);
        return webhook && shortUrl(webhook.url);
      }} />
      <${Causes} query=${{ from: since }} webhooks=${endpoints.data} onSettled=${settles('causes')} onChanged=${() => {
        setVersion(version => version + 1);
        endpoints.reload();
      }} />`}
    ${mayBegin && account.data && endpoints.data && html`<${FirstSteps} account=${account.data} onSettled=${settles('steps')} onChanged=${() => {
        account.reload();
        endpoints.reload();
        stats.reload();
      }} />`}
    <${Loaded} of=${stats} lines=${24}>${data => html`<${Figures} stats=${data} busy=${stats.loading} />`}</${Loaded}>
    <${Card} title="Usage" action=${html`<a href="#/plan">View plan</a>`}>
      <${Loaded} of=${account} lines=${2}>${({ usage, plan }) => html`<p class="faint">Plan: ${planName(plan)}</p>
        <${Meter} label="Licenses" used=${usage.licenses.used} max=${usage.licenses.max} />
        <${Meter} label="Webhooks" used=${usage.webhooks.used} max=${usage.webhooks.max} />`}</${Loaded}>
    </${Card}>
    </div>`;
}

function PlanWarning({ account: { usage, plan } }) {
  const near = [['licenses', usage.licenses], ['webhooks', usage.webhooks]]
    .filter(([, { used, max }]) => max > 0 && used / max >= 0.8);
  return near.map(([name, { used, max }]) => html`<${Notice} key=${name} tone=${used >= max ? 'bad' : 'warn'}
    title=${`You’ve used ${used >= max ? `all ${number(max)}` : `${number(used)} of the ${number(max)}`} ${name} on your ${planName(plan)} plan`}
    action=${html`<${ButtonLink} href="#/plan" kind="small">View plans</${ButtonLink}>`}>
    ${used >= max && `To create another, delete one or move to a larger plan.`}</${Notice}>`);
}

function Failing({ endpoints }) {
  const failing = endpoints.filter(needsAttention);
  if (failing.length === 0) {
    return null;
  }
  return html`<${Card} title=${plural(failing.length, 'webhook needs', 'webhooks need') + ' attention'} edge="bad">
    <ul class="rows">${failing.map(webhook => ({ webhook, ...webhook })).map(({ webhook, id, url, isActive, pausedAt, deactivatedReason, stats }) => html`<li key=${id}>
      <div class="grow"><a class="mono strong" href=${to('/webhooks/' + id)}><${Url} of=${shortUrl(url)} /></a>
        <div class="faint">${deactivatedReason ?? (pausedAt ? html`Paused <${Time} at=${pausedAt} />` : html`${stats.consecutiveFailures > 0
            ? stats.consecutiveFailures === 1 ? 'The last attempt failed'
              : `The last ${number(stats.consecutiveFailures)} attempts failed`
            : `${percent(stats.successRate)} of the attempts in the last 24 hours succeeded`}${stats.lastSuccessAt
            ? html` · last success <${Time} at=${stats.lastSuccessAt} />` : ' · no success in the last 24 hours'}`)}</div></div>
      <${WebhookStatus} webhook=${webhook} stats=${stats} />
      ${pausedAt || isActive && !stats.consecutiveFailures ? html`<${ButtonLink} kind="small" href=${to('/webhooks/' + id)}>View webhook</${ButtonLink}>`
        : html`<${ButtonLink} kind="small"
            href=${to('/deliveries', { webhookId: id, status: isActive ? 'failing' : 'stopped' })}>View failures</${ButtonLink}>`}
    </li>`)}</ul>
  </${Card}>`;
}

const OPENS = { opens: 'deliveries' };

function Figures({ stats, busy }) {
  const { validations, deliveries, points, intervalSeconds } = stats;
  const charts = [
    ['Validations', compact(validations.total), validations.refused > 0 && `${number(validations.refused)} refused`,
      [{ key: 'valid', label: 'Valid', color: 'accent' }, { key: 'refused', label: 'Refused', color: 'bad' }]],
    ['Delivery attempts', compact(deliveries.attempts), deliveries.successRate !== null &&
        `${percent(deliveries.successRate)} succeeded`,
      [{ key: 'succeeded', label: 'Succeeded', color: 'good' }, { key: 'failed', label: 'Failed', color: 'bad' }], OPENS],
    ['Activations', compact(stats.activations), null, [{ key: 'activations', label: 'New devices', color: 'accent' }]],
    ['Response time, p95', millis(deliveries.p95ResponseTime), null,
      [{ key: 'p95ResponseTime', label: 'Your endpoints', color: 'warn' }], { line: true, format: millis, ...OPENS }],
  ];
  return html`<div class="figures" aria-busy=${busy ? 'true' : 'false'}>
    ${charts.map(([title, value, note, series, options]) => html`<${Card} key=${title} title=${title}>
      <p class="figure">${value}${note && html` <span class="faint">${note}</span>`}</p>
      <${Chart} label=${title} points=${points} series=${series} interval=${intervalSeconds} ...${options}
        linkTo=${options?.opens && (point => toAttempts(point, intervalSeconds))} />
    </${Card}>`)}
  </div>`;
}
