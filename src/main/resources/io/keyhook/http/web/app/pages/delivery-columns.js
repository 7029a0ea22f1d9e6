import { html } from '../preact.js';
import { to } from '../router.js';
import { StatusBadge, Time } from '../ui.js';
import { DELIVERY_STATUS, outcome } from '../words.js';

/** How a delivery looks in a list. */
export const DELIVERY_COLUMNS = [
  { name: 'Event', className: 'main', cell: delivery => html`<a class="row-link nowrap"
      href=${to('/deliveries/' + delivery.id)}>${delivery.event}</a>` },
  { name: 'Status', className: 'badge-cell', cell: delivery => html`<${StatusBadge} words=${DELIVERY_STATUS} status=${delivery.status} />` },
  { name: 'Result', cell: delivery => html`<span class=${'nowrap' + (delivery.status === 'failed' ? ' bad-text'
      : '')}>${outcome(delivery.lastStatusCode, delivery.lastError)
    ?? html`<span class="faint">–</span>`}</span>` },
  { name: 'Attempts', numeric: true, className: 'roomy', cell: delivery => delivery.attemptCount },
  { name: 'Created', cell: delivery => html`<${Time} at=${delivery.createdAt} />` },
];
