import { html, useEffect, useRef, useState } from '../preact.js';
import { Icon } from '../icons.js';
import { changeQuery, go, to } from '../router.js';
import { announce, Button, ButtonLink, Loaded, StatusBadge } from '../ui.js';
import { useId } from '../use.js';
import { DELIVERY_BADGE, deliveryBadge, isFailing } from '../words.js';
import { isTest, NextAttempt, RequestCard, Timeline, useDelivery, useRedeliver, useWebhook } from './delivery.js';

/** Where there is room for a list and a drawer. */
const ROOM = matchMedia('(min-width: 1360px)');

/** Whether there is room for a drawer. */
export function useRoom() {
  const [room, setRoom] = useState(ROOM.matches);
  useEffect(() => {
    const listener = () => setRoom(ROOM.matches);
    ROOM.addEventListener('change', listener);
    return () => ROOM.removeEventListener('change', listener);
  }, []);
  return room;
}

/** Opens the drawer, or closes it: null. */
export const openDrawer = id => changeQuery({ open: id }, { stay: true, typed: 'drawer' });

/** Where the arrow keys are used for something else, and where Enter is. */
const OTHER_ARROWS = 'input, select, textarea, pre, [role=img], dialog';
const OTHER_ENTER = 'a, button, summary, ' + OTHER_ARROWS;

/**
 * A delivery beside the list. The arrow keys go to the next failure of the list, Enter opens the page, and Escape closes the
 * drawer.
 *
 * @param rows of the list
 */
export function Drawer({ id, rows, onChanged }) {
  const drawer = useRef();
  const headingId = useId();
  const loaded = useDelivery(id);
  const delivery = loaded.data?.id === id ? loaded.data : null;
  const [busy, redeliver] = useRedeliver(id, () => {
    loaded.reload();
    onChanged();
  });
  const { webhook, isGone } = useWebhook(delivery?.webhookId);
  const hasFailures = rows.some(isFailing);
  const stop = hasFailures ? 'failure' : 'delivery';
  const step = by => {
    const at = rows.findIndex(row => row.id === id);
    const ahead = by > 0 ? rows.slice(at + 1) : rows.slice(0, Math.max(0, at)).reverse();
    const next = ahead.find(row => !hasFailures || isFailing(row));
    if (next) {
      openDrawer(next.id);
    } else {
      announce(`No ${by > 0 ? 'older' : 'newer'} ${stop} on this page`);
    }
  };
  const close = () => {
    openDrawer(null);
    document.querySelector(`a.row-link[href="${CSS.escape(to('/deliveries/' + id))}"]`)?.focus();
  };
  const onKey = useRef();
  onKey.current = event => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) {
      return;
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (by && !target.closest(OTHER_ARROWS)) {
      event.preventDefault();
      step(by);
    } else if (key === 'Enter' && !target.closest(OTHER_ENTER)) {
      go('/deliveries/' + id);
    } else if (key === 'Escape') {
      close();
    }
  };
  useEffect(() => {
    const listener = event => onKey.current(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
  useEffect(() => {
    drawer.current.focus({ preventScroll: true });
    drawer.current.scrollTop = 0;
    document.querySelector('tr[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [id]);
  return html`<aside class="drawer" tabindex="-1" ref=${drawer} aria-labelledby=${headingId}>
    <header class="drawer-head"><h2 id=${headingId}>${delivery?.event ?? 'Delivery'}</h2>
      ${delivery && html`<${StatusBadge} words=${DELIVERY_BADGE} status=${deliveryBadge(delivery)} />`}
      <button type="button" class="icon-button" aria-label="Close delivery" onClick=${close}><${Icon} name="close" /></button></header>
    <div class="actions">${delivery && !isTest(delivery) && !isGone && html`<${Button} needs="support" kind="primary small" icon="repeat" busy=${busy}
        onClick=${redeliver}>Redeliver</${Button}>`}
      <${ButtonLink} kind="small" href=${to('/deliveries/' + id)}>Open page</${ButtonLink}>
      <span class="faint drawer-keys"><kbd>↑</kbd> <kbd>↓</kbd> next ${stop}</span></div>
    <${Loaded} of=${{ ...loaded, data: delivery }}>${delivery => html`<${NextAttempt} delivery=${delivery} webhook=${webhook} />
      <h3>Attempts</h3><${Timeline} attempts=${delivery.attempts} delivery=${delivery} />
      <${RequestCard} delivery=${delivery} />`}</${Loaded}>
  </aside>`;
}
