import { html } from '../preact.js';
import { ago, dateTime } from '../format.js';
import { to } from '../router.js';
import { StatusBadge, Time } from '../ui.js';
import { useNow } from '../use.js';
import { DELIVERY_BADGE, deliveryBadge, isFailing, outcome } from '../words.js';

/** Milliseconds between updates of the countdown. */
const STEP = 5_000;

/** A delivery's status, and when Keyhook retries it. */
export function DeliveryBadge({ delivery }) {
  const status = deliveryBadge(delivery);
  return html`<${StatusBadge} words=${DELIVERY_BADGE} status=${status} />
    ${status === 'retrying' && html`<${NextAttempt} at=${delivery.nextAttemptAt} />`}`;
}

/** @param at null during an attempt */
function NextAttempt({ at }) {
  const now = useNow(STEP);
  const isLater = at && Date.parse(at) > now;
  return html`<div class="faint nowrap">${isLater ? html`Next attempt <time datetime=${at}
      title=${dateTime(at)}>${ago(at, true)}</time>` : at ? 'Due now' : 'Sending now'}</div>`;
}

/** The columns of a list of deliveries. */
export const DELIVERY_COLUMNS = [
  { name: 'Event', className: 'main', cell: delivery => html`<a class="row-link nowrap"
      href=${to('/deliveries/' + delivery.id)}>${delivery.event}</a>` },
  { name: 'Status', className: 'badge-cell', cell: delivery => html`<${DeliveryBadge} delivery=${delivery} />` },
  { name: 'Result', cell: delivery => html`<span class=${'nowrap' + (isFailing(delivery) ? ' bad-text'
      : '')}>${outcome(delivery.lastStatusCode, delivery.lastError)
    ?? html`<span class="faint">–</span>`}</span>` },
  { name: 'License', className: 'license', cell: ({ license }) => license ? html`<div><span class="clip">${license.name}</span>
    <span class="faint clip"><span class="mono">${license.keyHint}</span> ${license.customerName ?? license.customerEmail}</span></div>` : html`<span class="faint">–</span>` },
  { name: 'Attempts', numeric: true, className: 'roomy', cell: delivery => delivery.attemptCount },
  { name: 'Created', cell: delivery => html`<${Time} at=${delivery.createdAt} />` },
];
