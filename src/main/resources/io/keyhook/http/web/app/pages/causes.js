import { html, useState } from '../preact.js';
import { get, post } from '../api.js';
import { millis, number, plural, shortUrl } from '../format.js';
import { useSoon } from '../live.js';
import { to } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Badge, Button, ButtonLink, Card, Time, Url } from '../ui.js';
import { useLoad, useRefresh, useSettled } from '../use.js';
import { advice, outcome } from '../words.js';
import { PauseWebhook } from './pause.js';
import { Recover } from './recover.js';

const MINUTE = 60_000;
/** Milliseconds from a change of a delivery to the next load. */
const PAUSE = 3_000;
/** The number of causes that are shown at first. */
const FEW = 5;
/** What becomes of failures. */
const ALL = ['failed', 'retrying', 'canceled'];

/**
 * Failures grouped by cause, with what to do about each; nothing while there are none.
 *
 * @param query `webhookId`, `from` and `to` of the deliveries
 * @param webhooks of the account
 * @param kinds of failures that count; only those
 * @param onChanged called when deliveries are recovered or a webhook is paused
 * @param onSettled called once it is known whether there are any; optional
 */
export function Causes({ query, webhooks, kinds = ALL, onChanged = () => {}, onSettled }) {
  const causes = useLoad(signal => get('api/deliveries/causes', query, signal), [JSON.stringify(query)]);
  useRefresh(causes.reload);
  useSettled(causes.times > 0, onSettled);
  const [all, setAll] = useState(false);
  const [recovering, setRecovering] = useState(null);
  const [pausing, setPausing] = useState(null);
  const { examined, complete } = causes.data ?? {};
  const webhookOf = ({ webhookId }) => webhooks.find(({ id }) => id === webhookId);
  // among the retrying ones, there are none of a paused webhook
  const isCounted = (kind, cause) => kinds.includes(kind) && (String(kinds) !== 'retrying' || !webhookOf(cause)?.pausedAt);
  const data = (causes.data?.data ?? [])
    .map(cause => ({ ...cause, ...Object.fromEntries(ALL.filter(kind => !isCounted(kind, cause)).map(kind => [kind, 0])) }))
    .filter(cause => ALL.some(kind => cause[kind] > 0));
  useDeliveryStream(data.length > 0, useSoon(causes.reload, PAUSE), () => {});
  if (data.length === 0) {
    return null;
  }
  const changed = () => {
    causes.reload();
    onChanged();
  };
  return html`<${Card} title="Failures by cause">
    ${!complete && html`<p class="faint">Groups the latest ${number(examined)} failures.</p>`}
    <ul class="rows causes">${(all ? data : data.slice(0, FEW)).map(cause => html`<${Cause}
        key=${[cause.webhookId, cause.statusCode, cause.error, cause.message].join()} cause=${cause}
        webhook=${webhookOf(cause)} onTested=${causes.reload}
        onPause=${() => setPausing(cause.webhookId)} onRecover=${() => setRecovering(cause.webhookId)} />`)}</ul>
    ${!all && data.length > FEW && html`<p><${Button} kind="small" onClick=${() => setAll(true)}>Show all ${data.length} causes</${Button}></p>`}
    ${recovering && webhooks.length > 0 && html`<${Recover} webhooks=${webhooks} webhookId=${recovering}
      onClose=${() => setRecovering(null)} onRecovering=${changed} />`}
    ${pausing && html`<${PauseWebhook} id=${pausing} onClose=${() => setPausing(null)} onPaused=${changed} />`}
  </${Card}>`;
}

function Cause({ cause, webhook, onTested, onPause, onRecover }) {
  const [busy, setBusy] = useState(false);
  const { webhookId, statusCode, error, message, failed, retrying, canceled, firstAt, lastAt, lastDeliveryId } = cause;
  const count = failed + retrying + canceled;
  const test = async () => {
    setBusy(true);
    try {
      const result = await post('api/webhooks/test', { webhookId });
      announce(result.success ? `Test succeeded: ${result.statusCode} in ${millis(result.responseTime)}`
        : `Test failed: ${outcome(result.statusCode, result.error)}. ${advice(result.statusCode, result.error, result.responseBody) ?? ''}`,
        result.success ? 'good' : 'bad');
      onTested();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };
  const name = `${outcome(statusCode, error)}${message ? ': ' + message : ''}`;
  const url = webhook ? shortUrl(webhook.url) : 'the webhook';
  return html`<li>
    <div class="grow"><div><strong class="bad-text">${outcome(statusCode, error)}</strong>${message && html` · <code
        class="breakable">${message}</code>`} · <span class="nowrap">${plural(count, 'delivery', 'deliveries')}</span></div>
      <div class="faint">${retrying > 0 && `${number(retrying)} ${webhook?.pausedAt ? 'paused' : 'retrying'} · `}${canceled > 0 && `${number(canceled)} canceled · `}${webhook && html`<a class="mono"
          href=${to('/webhooks/' + webhookId)}><${Url} of=${shortUrl(webhook.url)} /></a> ${webhook.pausedAt && html`<${Badge} tone="info">Paused</${Badge}> `}· `}<${Time} at=${lastAt} />${Date.parse(lastAt) - Date.parse(firstAt) > MINUTE
          && html`, first <${Time} at=${firstAt} />`}</div></div>
    <div class="actions">
      <${ButtonLink} kind="small" href=${to('/deliveries/' + lastDeliveryId)} aria-label=${`View latest delivery to ${url} with ${name}`}>View latest</${ButtonLink}>
      <${Button} needs="support" kind="small" icon="send" busy=${busy} onClick=${test} aria-label=${`Send test to ${url} with ${name}`}>Send test</${Button}>
      ${webhook?.isActive && !webhook.pausedAt && html`<${Button} needs="member" kind="small" onClick=${onPause}
        aria-label=${`Pause ${url} with ${name}`}>Pause</${Button}>`}
      ${failed > 0 ? html`<${Button} needs="support" kind="small" icon="repeat" onClick=${onRecover}
        aria-label=${`Recover deliveries to ${url} with ${name}`}>Recover</${Button}>`
        : canceled > 0 && html`<${ButtonLink} kind="small" href=${to('/deliveries', { webhookId, status: 'stopped' })}
          aria-label=${`View canceled deliveries to ${url} with ${name}`}>View canceled</${ButtonLink}>`}
    </div></li>`;
}
