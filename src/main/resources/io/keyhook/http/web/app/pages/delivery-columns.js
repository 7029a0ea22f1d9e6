import { html } from '../preact.js';
import { to } from '../router.js';
import { StatusBadge, Time } from '../ui.js';
import { DELIVERY_STATUS, deliveryStatus, isFailing, outcome } from '../words.js';

/** A delivery's status, and when Keyhook retries it. */
export function DeliveryBadge({ delivery }) {
  const status = deliveryStatus(delivery);
  return html`<${StatusBadge} words=${DELIVERY_STATUS} status=${status} />${status === 'retrying' && html`<div
      class="faint nowrap">${delivery.nextAttemptAt ? html`Next attempt <${Time} at=${delivery.nextAttemptAt} ahead />`
        : 'Attempt under way'}</div>`}`;
}

/** How a delivery looks in a list. */
export const DELIVERY_COLUMNS = [
  { name: 'Event', className: 'main', cell: delivery => html`<a class="row-link nowrap"
      href=${to('/deliveries/' + delivery.id)}>${delivery.event}</a>` },
  { name: 'Status', className: 'badge-cell', cell: delivery => html`<${DeliveryBadge} delivery=${delivery} />` },
  { name: 'Result', cell: delivery => html`<span class=${'nowrap' + (isFailing(delivery) ? ' bad-text'
      : '')}>${outcome(delivery.lastStatusCode, delivery.lastError)
    ?? html`<span class="faint">–</span>`}</span>` },
  { name: 'Attempts', numeric: true, className: 'roomy', cell: delivery => delivery.attemptCount },
  { name: 'Created', cell: delivery => html`<${Time} at=${delivery.createdAt} />` },
];
