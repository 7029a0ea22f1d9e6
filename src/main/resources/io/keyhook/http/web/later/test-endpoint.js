import { html, useState } from '../app/preact.js';
import { post, remove } from '../app/api.js';
import { useMay } from '../app/context.js';
import { ago, dateTime, number } from '../app/format.js';
import { indented } from '../app/json.js';
import { useSoon } from '../app/live.js';
import { createTestEndpoint, loadTestEndpoint } from '../app/pages/test-endpoint.js';
import { NotInPlan, useWebhookUsage } from '../app/pages/webhooks.js';
import { backTo, to } from '../app/router.js';
import { useDeliveryStream } from '../app/stream.js';
import { announce, Badge, Button, Card, Code, Confirm, Empty, Facts, IdText, Loaded, Notice, PageHead, Time } from '../app/ui.js';
import { useLoad, useRefresh } from '../app/use.js';

/** Milliseconds from a delivery to the next load. */
const SOON = 300;
/** Milliseconds between loads, for what the stream does not report. */
const REFRESH = 5_000;
/** The number of requests that the server keeps. */
const KEPT = 50;

export function TestEndpointPage() {
  const mayCreate = useMay('member');
  const none = useWebhookUsage()?.max === 0;
  const [leaving, setLeaving] = useState(false);
  const loaded = useLoad(loadTestEndpoint, []);
  const reloadSoon = useSoon(loaded.reload, SOON);
  useDeliveryStream(true, reloadSoon, loaded.reload);
  useRefresh(loaded.reload, REFRESH);
  const act = (action, done) => async () => {
    try {
      await action();
      announce(done, 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
    loaded.reload();
  };
  const endpoint = loaded.data?.endpoint;
  return html`<${PageHead} title="Test endpoint" back=${backTo('/webhooks', 'Webhooks')}>
      ${endpoint && html`<${Button} needs="member" icon="clock" onClick=${act(() => post('api/test-endpoint'), 'Extended to 24 hours from now')}>Extend</${Button}>
        <${Button} needs="member" kind="danger-quiet" icon="trash" onClick=${() => setLeaving(true)}>Delete</${Button}>`}
    </${PageHead}>
    <p class="lead">An endpoint in Keyhook itself that shows what your webhooks send. Only webhooks of your account can use it,
      and it is not reachable over the network.</p>
    <${Loaded} of=${loaded}>${({ endpoint, webhooks }) => endpoint ? html`${none && html`<${NotInPlan} kept />`}
      <${Card} title="Endpoint">${webhooks.length === 0 && !none && html`<${Notice} tone="info" title="No webhook sends to it yet"
            action=${html`<${Button} needs="member" kind="primary small" onClick=${act(createTestEndpoint, 'Webhook created')}>Create webhook</${Button}>`} />`}
        <${Facts} of=${[
          ['URL', html`<${IdText} of=${endpoint.url} />`],
          webhooks.length > 0 && ['Webhook', webhooks.map(({ id, description }) => html`<a key=${id}
              href=${to('/webhooks/' + id)}>${description ?? id}</a>`)],
          ['Expires', html`<time datetime=${endpoint.expiresAt}>${dateTime(endpoint.expiresAt)} (${ago(endpoint.expiresAt, true)})</time>`],
          ['Received', number(endpoint.received)],
        ]} /></${Card}>
      <${Card} title="Requests">${endpoint.requests.length === 0 ? html`<${Empty} icon="deliveries"
            title="Waiting for the first request…">${webhooks.length > 0 ? html`Send a test event from <a
              href=${to('/webhooks/' + webhooks[0].id)}>the webhook</a>, or validate a license.`
            : 'Create a webhook that sends to it.'}</${Empty}>`
        : html`${endpoint.received > KEPT && html`<p class="faint">Shows the latest ${KEPT} requests.</p>`}
          <ol class="requests" aria-live="polite">${endpoint.requests.map((request, i) =>
            html`<${Request} key=${request.number + request.receivedAt} request=${request} open=${i === 0} />`)}</ol>`}
      </${Card}>` : none ? html`<${NotInPlan} />` : html`<${Empty} icon="webhooks" title="No test endpoint"
        action=${html`<${Button} needs="member" kind="primary" onClick=${act(createTestEndpoint, 'Test endpoint created')}>Create test endpoint</${Button}>`}>
        ${mayCreate ? 'Creates the endpoint, and a webhook that sends to it when a license is activated, validated, disabled or expires. The endpoint expires after 24 hours.'
          : 'Members and owners of the account can create one.'}</${Empty}>`}</${Loaded}>
    ${leaving && html`<${Confirm} title="Delete the test endpoint?" action="Delete test endpoint" onClose=${() => setLeaving(false)}
        run=${async () => {
        await remove('api/test-endpoint');
        announce('Test endpoint deleted', 'good');
        loaded.reload();
      }}><p>The requests that it received are deleted. Webhooks that send to it get 410 from then on, and Keyhook deactivates
        them.</p></${Confirm}>`}`;
}

function Request({ request, open: begun }) {
  const [open] = useState(begun); // a later request does not close this one
  const { number: count, event, signatureValid, headers, body } = request;
  return html`<li><details open=${open}><summary><span class="faint">#${number(count)}</span> <strong>${event}</strong>
      <${Badge} tone=${signatureValid ? 'good' : 'bad'}>${signatureValid ? 'Signature valid' : 'Signature invalid'}</${Badge}>
      <span class="faint"><${Time} at=${request.receivedAt} /></span></summary>
    <p class="faint">${signatureValid ? 'Both signatures match the webhook’s secret, and the timestamp is current.'
        : 'The signatures do not match the webhook’s secret, or the timestamp is too old.'} <a
        href=${to('/deliveries/' + request.deliveryId)}>View delivery</a></p>
    <h3>Headers</h3>
    <dl class="headers">${Object.entries(headers).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <h3>Body</h3>
    <${Code} label=${'body of request ' + count} text=${indented(body)} />
  </details></li>`;
}
