import { html } from '../app/preact.js';
import { dateTime } from '../app/format.js';
import { to } from '../app/router.js';
import { Button, Card, Facts, IdText, Loaded, PageHead, StatusBadge } from '../app/ui.js';
import { isTest, NextAttempt, RequestCard, Timeline, useDelivery, useRedeliver, useWebhook } from '../app/pages/delivery.js';
import { DELIVERY_BADGE, deliveryBadge } from '../app/words.js';

export function DeliveryPage({ id }) {
  const loaded = useDelivery(id);
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="Delivery" back=${{ href: '#/', label: 'Webhooks' }} />`}>${delivery =>
    html`<${Delivery} delivery=${delivery} reload=${loaded.reload} />`}</${Loaded}>`;
}

function Delivery({ delivery, reload }) {
  const [busy, redeliver] = useRedeliver(delivery.id, reload);
  const { webhook } = useWebhook(delivery.webhookId);
  return html`<${PageHead} title=${delivery.event} back=${{ href: to('/webhooks/' + delivery.webhookId), label: 'Webhook' }}
      badge=${html`<${StatusBadge} words=${DELIVERY_BADGE} status=${deliveryBadge(delivery)} />`}>
      ${!isTest(delivery) && html`<${Button} needs="support" kind="primary" icon="repeat" busy=${busy}
        onClick=${redeliver}>Redeliver</${Button}>`}
    </${PageHead}>
    <${NextAttempt} delivery=${delivery} webhook=${webhook} />
    <div class="split">
      <div>
        <${Card} title="Attempts"><${Timeline} attempts=${delivery.attempts} delivery=${delivery} /></${Card}>
        <${Card} title="Delivery"><${Facts} of=${[
          ['ID', html`<${IdText} of=${delivery.id} />`],
          ['Created', dateTime(delivery.createdAt)],
          delivery.payload.data.licenseName && ['License', delivery.payload.data.licenseName],
        ]} /></${Card}>
      </div>
      <${RequestCard} delivery=${delivery} />
    </div>`;
}
