import { html, useState } from '../preact.js';
import { get, post } from '../api.js';
import { now } from '../clock.js';
import { useApp } from '../context.js';
import { ago, countdown, dateTime, millis, plural } from '../format.js';
import { indented } from '../json.js';
import { backTo, to } from '../router.js';
import { announce, Badge, Button, Card, Code, Facts, IdText, Loaded, Later, Notice, PageHead, StatusBadge, Url } from '../ui.js';
import { RETRY_PAUSE, useAgain, useLoad, useNow } from '../use.js';
import { isBuiltIn } from '../url-check.js';
import { advice, DELIVERY_BADGE, deliveryBadge, outcome } from '../words.js';

/** Milliseconds between loads of a pending delivery: during an attempt, and at most. */
const UNDER_WAY = 1_000;
const LONGEST = 15_000;

export function DeliveryPage({ id }) {
  const loaded = useDelivery(id);
  const back = backTo('/deliveries', 'Deliveries');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="Delivery" back=${back} />`}
      gone="This delivery is no longer available" back=${back}>${delivery =>
    html`<${Delivery} delivery=${delivery} back=${back} reload=${loaded.reload} />`}</${Loaded}>`;
}

/** A delivery, which is loaded again while it is pending. */
export function useDelivery(id) {
  const loaded = useLoad(signal => get('api/deliveries/' + id, {}, signal), [id]);
  useAgain(loaded, pause(loaded));
  return loaded;
}

/** The webhook of a delivery: null while it loads, or if it was deleted. @param id undefined: not known yet */
export function useWebhook(id) {
  const { data, error, loading } = useLoad(async signal => id ? get('api/webhooks/' + id, {}, signal) : null, [id]);
  return { webhook: data?.id === id ? data : null, isGone: !loading && error?.status === 404 };
}

function pause({ data, error }) {
  if (data?.status !== 'pending') {
    return null;
  }
  const until = data.nextAttemptAt ? Date.parse(data.nextAttemptAt) - now() + UNDER_WAY / 2 : UNDER_WAY;
  return error ? RETRY_PAUSE : Math.min(LONGEST, Math.max(UNDER_WAY, until));
}

export const isTest = ({ id, event }) => event === 'webhook.test' || id.startsWith('delivery_test_');

/** @returns whether a request is in progress, and the action */
export function useRedeliver(id, reload) {
  const [busy, setBusy] = useState(false);
  const redeliver = async () => {
    setBusy(true);
    try {
      const { paused } = await post(`api/deliveries/${id}/redeliver`);
      announce(paused ? 'The webhook is paused. Keyhook keeps the delivery and sends it when the webhook resumes.' : 'Redelivering', 'good');
      reload();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };
  return [busy, redeliver];
}

function Delivery({ delivery, back, reload }) {
  const { id, attempts } = delivery;
  const [busy, redeliver] = useRedeliver(id, reload);
  const { webhook, isGone } = useWebhook(delivery.webhookId);
  const url = html`<${Url} of=${delivery.url ?? delivery.webhookId} />`;
  return html`<${PageHead} title=${delivery.event} back=${back}
      badge=${html`<${StatusBadge} words=${DELIVERY_BADGE} status=${deliveryBadge(delivery)} />`}>
      ${!isTest(delivery) && !isGone && html`<${Button} needs="support" kind="primary" icon="repeat" busy=${busy} onClick=${redeliver}>Redeliver</${Button}>`}
    </${PageHead}>
    <${NextAttempt} delivery=${delivery} webhook=${webhook} />
    <div class="split">
      <div>
        <${Card} title="Attempts"><${Timeline} attempts=${attempts} delivery=${delivery} /></${Card}>
        <${Card} title="Delivery"><${Facts} of=${[
          ['ID', html`<${IdText} of=${id} />`],
          ['Created', dateTime(delivery.createdAt)],
          ['Webhook', isGone ? html`<span class="mono breakable">${url}</span> <${Badge}>Deleted</${Badge}>`
            : html`<a class="mono breakable" href=${to('/webhooks/' + delivery.webhookId)}>${url}</a>`],
          delivery.licenseId && ['License', html`<a href=${to('/licenses/' + delivery.licenseId)}>${delivery.payload.data.licenseName
              ?? delivery.licenseId}</a>`],
        ]} /></${Card}>
      </div>
      <${RequestCard} delivery=${delivery} />
    </div>`;
}

/** @param webhook of the delivery; null: not known */
export function NextAttempt({ delivery, webhook }) {
  useNow(1000);
  if (delivery.status !== 'pending') {
    return null;
  }
  if (delivery.paused) {
    return html`<${Notice} tone="info" title="The webhook is paused">Keyhook sends this delivery when you <a
        href=${to('/webhooks/' + delivery.webhookId)}>resume the webhook</a>${delivery.attemptCount > 0
          && ', or later if its next retry is not due by then'}.</${Notice}>`;
  }
  const { nextAttemptAt } = delivery;
  const isLater = nextAttemptAt && Date.parse(nextAttemptAt) > now();
  const [title, why] = isLater ? [html`Next attempt in <span role="timer" class="mono">${countdown(nextAttemptAt)}</span>`,
      dateTime(nextAttemptAt) + '.']
    : nextAttemptAt ? ['Due now', 'Keyhook sends it as soon as earlier deliveries and the webhook’s rate limit leave room.']
    : delivery.attemptCount > 0 || webhook?.ordering === 'none' ? ['Sending now', null]
    : webhook ? ['Being sent or waiting for its turn', 'Keyhook sends one event of a license at a time, in order.']
    : ['Pending', null];
  return html`<${Notice} tone="info" title=${title}>${why} Updates automatically.</${Notice}>`;
}

export function Timeline({ attempts, delivery }) {
  const [comparing, setComparing] = useState(false);
  if (attempts.length === 0) {
    return html`<p class="faint">${delivery.status === 'canceled' ? 'Canceled before the first attempt.'
        : 'No attempts yet.'}</p>`;
  }
  const dropped = delivery.attemptCount - attempts.length;
  return html`${dropped > 0 && html`<p class="faint">Keyhook keeps the last ${attempts.length} attempts of a delivery.
    Not shown: ${plural(dropped, 'earlier attempt')}.</p>`}
    <ol class="timeline">${attempts.map((attempt, i) => {
    const good = attempt.statusCode >= 200 && attempt.statusCode < 300 && !attempt.error;
    const help = good ? null : advice(attempt.statusCode, attempt.error, attempt.responseBody);
    return html`<li key=${attempt.number + attempt.startedAt} class=${good ? 'good' : 'bad'}>
      <div class="timeline-head"><strong>Attempt ${attempt.number}</strong>
        <${Badge} tone=${good ? 'good' : 'bad'}>${outcome(attempt.statusCode, attempt.error)}</${Badge}></div>
      <div class="faint">${dateTime(attempt.startedAt)} · ${ago(attempt.startedAt)} · took ${millis(attempt.durationMs)}
        ${i > 0 && html` · <${Since} from=${attempts[i - 1]} to=${attempt} />`}</div>
      ${help && html`<p class="advice">${help}</p>`}
      ${attempt.errorDetail && html`<div class="faint">${attempt.errorDetail}</div>`}
      ${attempt.responseHeaders?.length > 0 ? html`<details><summary>Response headers<span
          class="sr"> of attempt ${attempt.number}</span></summary><${Headers} of=${attempt.responseHeaders} /></details>`
        : attempt.responseHeaders && html`<div class="faint">No response headers</div>`}
      ${attempt.responseBody ? html`<details open=${i === attempts.length - 1}><summary>Response body<span
          class="sr"> of attempt ${attempt.number}</span></summary>
        <${Code} label=${`response body of attempt ${attempt.number}`} text=${attempt.responseBody} /></details>`
        : attempt.statusCode != null && html`<div class="faint">No response body</div>`}
    </li>`;
  })}</ol>
  ${attempts.length > 1 && html`<p class="timeline-foot"><${Button} kind="small" onClick=${() => setComparing(true)}>Compare attempts</${Button}></p>`}
  ${comparing && html`<${Later} load=${() => import('../../later/compare.js')} name="Compare" attempts=${attempts} onClose=${() => setComparing(false)} />`}`;
}

/** @param of headers {name, value}; a value of null is not stored */
function Headers({ of }) {
  return html`<dl class="headers">${of.map(({ name, value }, i) => html`<div key=${i}><dt>${name}</dt><dd
      class=${value === null ? 'faint' : undefined}>${value ?? 'not stored'}</dd></div>`)}</dl>`;
}

/** The wait since the previous attempt. */
function Since({ from, to: next }) {
  const waited = Date.parse(next.startedAt) - Date.parse(from.startedAt) - from.durationMs;
  const minutes = Math.round(waited / 60_000);
  return html`<span>${minutes > 0 ? plural(minutes, 'minute') : millis(Math.max(0, waited))} after previous attempt</span>`;
}

/** The request as it was sent, except for the signatures: Keyhook does not store them. */
export function RequestCard({ delivery }) {
  const { settings } = useApp();
  const [raw, setRaw] = useState(false);
  const [asCommand, setAsCommand] = useState(false);
  const last = delivery.attempts[delivery.attempts.length - 1];
  const body = delivery.body?.text ?? JSON.stringify(delivery.payload);
  const head = [
    ['Content-Type', delivery.body?.contentType ?? 'application/json'],
    ['User-Agent', 'Keyhook/' + (settings.data?.version ?? '…')],
    ['X-Webhook-Event', delivery.event],
    ['X-Webhook-Attempt', last?.number ?? 1],
    ['webhook-id', delivery.id],
    last && ['webhook-timestamp', Math.floor(Date.parse(last.startedAt) / 1000)],
    ['X-Webhook-Signature', null],
    ['webhook-signature', null],
  ].filter(Boolean).map(([name, value]) => ({ name, value }));
  return html`<${Card} title="Request" action=${html`<span class="actions">${delivery.url && !isBuiltIn(delivery.url) && html`<${Button} kind="small"
        icon="copy" onClick=${() => setAsCommand(true)}>Copy as cURL</${Button}>`}<${Button} kind="small"
        onClick=${() => setRaw(!raw)}>${raw ? 'Formatted body' : 'Raw body'}</${Button}></span>`}>
    ${delivery.url && html`<p class="mono breakable"><strong>POST</strong> <${Url} of=${delivery.url} /></p>`}
    <${Headers} of=${head} />
    <h3>Body</h3>
    <${Code} label="request body" raw=${raw} text=${raw ? body : indented(body)} />
    ${asCommand && html`<${Later} load=${() => import('../../later/curl.js')} name="Curl" delivery=${delivery} onClose=${() => setAsCommand(false)} />`}
  </${Card}>`;
}
