import { html } from '../preact.js';
import { get, ROOT } from '../api.js';
import { Chart } from '../charts.js';
import { useApp } from '../context.js';
import { loadEndpoints, needsAttention } from '../endpoints.js';
import { compact, millis, number, percent, planName, plural, shortUrl } from '../format.js';
import { Icon } from '../icons.js';
import { filter, to, useLocation } from '../router.js';
import { ButtonLink, Card, Code, Loaded, Meter, Notice, PageHead, Segments, Stale, Time, Url } from '../ui.js';
import { useAgain, useLoad, useRefresh } from '../use.js';
import { WebhookStatus } from './webhooks.js';

const RANGES = [['1h', '1 hour'], ['24h', '24 hours'], ['7d', '7 days'], ['30d', '30 days']];

export function Overview() {
  const { query } = useLocation();
  const range = RANGES.some(([key]) => key === query.range) ? query.range : '24h';
  const account = useLoad(signal => get('api/account', {}, signal), []);
  const stats = useLoad(signal => get('api/stats', { range }, signal), [range]);
  const endpoints = useLoad(loadEndpoints, []);
  useRefresh(() => {
    stats.reload();
    endpoints.reload();
  });
  return html`<${PageHead} title="Overview">
      <${Segments} label="Time range" options=${RANGES} value=${range} onChange=${range => filter({ range })} />
    </${PageHead}>
    ${account.data && html`<${PlanWarning} account=${account.data} />`}
    <${Stale} of=${endpoints} what="the webhooks" />
    ${endpoints.data && html`<${Failing} endpoints=${endpoints.data} />`}
    ${account.data && endpoints.data && html`<${FirstSteps} account=${account.data} />`}
    <${Loaded} of=${stats} lines=${10}>${data => html`<${Figures} stats=${data} busy=${stats.loading} />`}</${Loaded}>
    <${Card} title="Usage" action=${html`<a href="#/plan">View plan</a>`}>
      <${Loaded} of=${account} lines=${2}>${({ usage, plan }) => html`<p class="faint">Plan: ${planName(plan)}</p>
        <${Meter} label="Licenses" used=${usage.licenses.used} max=${usage.licenses.max} />
        <${Meter} label="Webhooks" used=${usage.webhooks.used} max=${usage.webhooks.max} />`}</${Loaded}>
    </${Card}>`;
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
    <ul class="rows">${failing.map(webhook => ({ webhook, ...webhook })).map(({ webhook, id, url, deactivatedReason, stats }) => html`<li key=${id}>
      <div class="grow"><a class="mono strong" href=${to('/webhooks/' + id)}><${Url} of=${shortUrl(url)} /></a>
        <div class="faint">${deactivatedReason ?? html`${stats.consecutiveFailures > 0
            ? stats.consecutiveFailures === 1 ? 'The last attempt failed'
              : `The last ${number(stats.consecutiveFailures)} attempts failed`
            : `${percent(stats.successRate)} of the attempts in the last 24 hours succeeded`}${stats.lastSuccessAt
            ? html` · last success <${Time} at=${stats.lastSuccessAt} />` : ' · no success in the last 24 hours'}`}</div></div>
      <${WebhookStatus} webhook=${webhook} stats=${stats} />
      <${ButtonLink} kind="small" href=${to('/deliveries', { webhookId: id, status: 'failing' })}>View failures</${ButtonLink}>
    </li>`)}</ul>
  </${Card}>`;
}

/** Milliseconds between checks for the first validation. */
const WAITING = 5_000;

/** The steps that a new account takes, in order, until all of them are done. */
function FirstSteps({ account: { usage } }) {
  const { settings, me } = useApp();
  const month = useLoad(signal => get('api/stats', { range: '30d' }, signal), []);
  const hasLicense = usage.licenses.used > 0;
  const hasWebhook = usage.webhooks.used > 0;
  // an account older than the statistics has taken the steps
  const since = me.data?.user?.createdAt;
  const hasValidated = !month.data || !since || month.data.validations.total > 0
    || Date.parse(since) < Date.parse(month.data.from);
  useAgain(month, month.error || !hasValidated ? WAITING : null);
  if (hasLicense && (hasWebhook || usage.webhooks.max === 0) && hasValidated) {
    return null;
  }
  const step = (done, title, text, action) => html`<li class=${done ? 'done' : ''}><${Icon} name=${done ? 'check'
      : 'clock'} />
    <div class="grow"><strong>${title}</strong><div class="faint">${text}</div></div>${!done && action}</li>`;
  return html`<${Card} title="First steps">
    <ul class="rows steps">
      ${step(hasLicense, 'Create a license', 'Your customers enter its key in your app.',
        html`<${ButtonLink} kind="primary small" href=${to('/licenses', { create: 1 })}>Create license</${ButtonLink}>`)}
      ${usage.webhooks.max !== 0 && step(hasWebhook, 'Create a webhook',
          'Keyhook notifies your server when a license is activated, validated or expires.',
        html`<${ButtonLink} kind="small" href=${to('/webhooks', { create: 1 })}>Create webhook</${ButtonLink}>`)}
      <li class=${month.data?.validations.total > 0 ? 'done' : ''}><${Icon} name=${month.data?.validations.total > 0 ? 'check'
          : 'clock'} /><div class="grow"><strong>Validate from your app</strong>
        ${hasLicense && !hasValidated && html`<div class="faint" role="status">Waiting for the first validation…</div>`}
        <${Code} label="command" text=${`curl ${new URL('api/validate', ROOT)} -H 'Content-Type: application/json' \\
  -d '{"licenseKey":"ABCD-1234-EFGH-5678","fingerprint":"device-1"}'`} /></div></li>
    </ul>
    ${settings.data?.allowInsecureTargets && html`<p
        class="faint">Development mode: webhooks may use http and your own machine.</p>`}
  </${Card}>`;
}

function Figures({ stats, busy }) {
  const { validations, deliveries, points, intervalSeconds } = stats;
  const charts = [
    ['Validations', compact(validations.total), validations.refused > 0 && `${number(validations.refused)} refused`,
      [{ key: 'valid', label: 'Valid', color: 'accent' }, { key: 'refused', label: 'Refused', color: 'bad' }]],
    ['Delivery attempts', compact(deliveries.attempts), deliveries.successRate !== null &&
        `${percent(deliveries.successRate)} succeeded`,
      [{ key: 'succeeded', label: 'Succeeded', color: 'good' }, { key: 'failed', label: 'Failed', color: 'bad' }]],
    ['Activations', compact(stats.activations), null, [{ key: 'activations', label: 'New devices', color: 'accent' }]],
    ['Response time, p95', millis(deliveries.p95ResponseTime), null,
      [{ key: 'p95ResponseTime', label: 'Your endpoints', color: 'warn' }], { line: true, format: millis }],
  ];
  return html`<div class="figures" aria-busy=${busy ? 'true' : 'false'}>
    ${charts.map(([title, value, note, series, options]) => html`<${Card} key=${title} title=${title}>
      <p class="figure">${value}${note && html` <span class="faint">${note}</span>`}</p>
      <${Chart} label=${title} points=${points} series=${series} interval=${intervalSeconds} ...${options} />
    </${Card}>`)}
  </div>`;
}
