import { html, useEffect, useState } from '../preact.js';
import { createOnce, get, ROOT } from '../api.js';
import { useApp } from '../context.js';
import { Icon } from '../icons.js';
import { useSoon } from '../live.js';
import { to } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Badge, Button, ButtonLink, Card, Code, Time } from '../ui.js';
import { useAgain, useLoad, useSettled } from '../use.js';
import { createTestEndpoint, loadTestEndpoint } from './test-endpoint.js';

/** Milliseconds between checks for what the user does elsewhere. */
const WAITING = 2_000;
/** Milliseconds from a delivery to the next check. */
const SOON = 300;

/**
 * The steps that a new account takes, from a license to the first event. Once shown, they stay until the page is left, so
 * that the last step can be seen to be done.
 *
 * @param onChanged called when the account has something new
 * @param onSettled called once it is known whether there are any
 */
export function FirstSteps({ account: { usage }, onChanged, onSettled }) {
  const { settings, me } = useApp();
  const [shown, setShown] = useState(false);
  const month = useLoad(signal => get('api/stats', { range: '30d' }, signal), []);
  const newest = useLoad(signal => get('api/licenses', { limit: 1 }, signal), [usage.licenses.used]);
  const endpoint = useLoad(loadTestEndpoint, [usage.webhooks.used]);
  useSettled(month.times > 0 && newest.times > 0 && endpoint.times > 0, onSettled);
  const license = newest.data?.data[0];
  const hasLicense = usage.licenses.used > 0;
  const mayHaveWebhooks = usage.webhooks.max !== 0;
  const hasWebhook = usage.webhooks.used > 0;
  // an account older than the statistics has taken the steps
  const since = me.data?.user?.createdAt;
  const hasCounted = month.data?.validations.total > 0;
  const hasValidated = !month.data || !since || hasCounted || Date.parse(since) < Date.parse(month.data.from);
  const arrived = endpoint.data?.endpoint?.requests.find(request => request.event !== 'webhook.test');
  const awaitsEvent = mayHaveWebhooks && endpoint.data?.webhooks.length > 0;
  const isDone = hasLicense && (hasWebhook || !mayHaveWebhooks) && hasValidated;
  const isComplete = isDone && (!awaitsEvent || !!arrived);
  useAgain(month, month.error || shown && !hasValidated ? WAITING : null);
  useAgain(endpoint, shown && awaitsEvent && !arrived ? WAITING : null);
  useDeliveryStream(shown && !isComplete, useSoon(() => {
    endpoint.reload();
    month.reload();
  }, SOON), () => {});
  useEffect(() => {
    if (!isDone) {
      setShown(true);
    }
  }, [isDone]);
  // so that the rest of the page does not contradict a step that turned green
  useEffect(() => {
    if (shown && hasCounted) {
      onChanged();
    }
  }, [hasCounted, !!arrived]);
  if (isDone && !shown || shown === 'hidden') {
    return null;
  }
  return html`<${Card} title=${isComplete ? 'First steps: all done' : 'First steps'} action=${isComplete && html`<${Button}
      kind="small" onClick=${() => setShown('hidden')}>Hide</${Button}>`}>
    <ol class="rows steps">
      <${Step} done=${hasLicense} title="Create a license" text="Your customers enter its key in your app.">
        ${!hasLicense && html`<${CreateSample} onCreated=${onChanged} />`}</${Step}>
      ${mayHaveWebhooks && html`<${Step} done=${hasWebhook} title="Create a webhook"
          text="Keyhook notifies your server when a license is activated, validated or expires. The built-in test endpoint shows what it sends, so you need no server to begin.">
        ${!hasWebhook && html`<${UseTestEndpoint} onCreated=${onChanged} />`}</${Step}>`}
      <${Step} done=${hasCounted} title="Validate from your app"
          text=${hasLicense && !hasValidated && html`<span role="status" class="waiting">Waiting for your first validation…</span>`}>
        <${Code} label="command" text=${`curl ${new URL('api/validate', ROOT)} -H 'Content-Type: application/json' \\
  -d '{"licenseKey":"${license?.key ?? 'ABCD-1234-EFGH-5678'}","fingerprint":"device-1"}'`} />
        ${license ? html`<p class="faint">This is the key of <a href=${to('/licenses/' + license.id)}>${license.name}</a>. Run the
            command in a terminal.</p>` : html`<p class="faint">Create a license first, and the command contains its key.</p>`}
      </${Step}>
      ${awaitsEvent && html`<${Step} done=${!!arrived} title="See the event arrive"
          text=${!arrived && html`<span role="status" class="waiting">Waiting for the first event…</span>`}>
        ${arrived && html`<div class="actions"><code>${arrived.event}</code>
          <${Badge} tone=${arrived.signatureValid ? 'good' : 'bad'}>${arrived.signatureValid ? 'Signature valid' : 'Signature invalid'}</${Badge}>
          <span class="faint"><${Time} at=${arrived.receivedAt} /></span>
          <${ButtonLink} kind="small" href="#/test-endpoint">View request</${ButtonLink}></div>`}
      </${Step}>`}
    </ol>
    ${settings.data?.allowInsecureTargets && html`<p
        class="faint">Development mode: webhooks may use http and addresses of your own machine.</p>`}
  </${Card}>`;
}

function Step({ done, title, text, children }) {
  return html`<li class=${done ? 'done' : ''}><${Icon} name=${done ? 'check' : 'clock'} />
    <div class="grow"><strong>${title}</strong>${done && html`<span class="sr"> (done)</span>`}
      ${text && !done && html`<div class="faint">${text}</div>`}${children}</div></li>`;
}

/** Runs an action at the click of a button, and reports its error. */
function Once({ run, children }) {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      await run();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };
  return html`<${Button} needs="member" kind="primary small" busy=${busy} onClick=${start}>${children}</${Button}>`;
}

function CreateSample({ onCreated }) {
  return html`<div class="actions step-actions"><${Once} run=${async () => {
    await createOnce('api/licenses', { name: 'My first license', maxActivations: 3 });
    onCreated();
  }}>Create sample license</${Once}>
    <${ButtonLink} needs="member" kind="small" href=${to('/licenses', { create: 1 })}>Create my own</${ButtonLink}></div>`;
}

function UseTestEndpoint({ onCreated }) {
  return html`<div class="actions step-actions"><${Once} run=${async () => {
    await createTestEndpoint();
    onCreated();
  }}>Use the test endpoint</${Once}>
    <${ButtonLink} needs="member" kind="small" href=${to('/webhooks', { create: 1 })}>Use my own URL</${ButtonLink}></div>`;
}
