import { html } from '../preact.js';
import { get, post } from '../api.js';
import { useApp } from '../context.js';
import { plural } from '../format.js';
import { announce, Confirm } from '../ui.js';
import { useLoad } from '../use.js';

/** Pauses a webhook after a confirmation. @param onPaused called with the paused webhook */
export function PauseWebhook({ id, onClose, onPaused }) {
  return html`<${Confirm} title="Pause this webhook?" action="Pause" kind="primary" onClose=${onClose} run=${async () => {
    onPaused(await post(`api/webhooks/${id}/pause`));
    announce('Webhook paused', 'good');
  }}><p>Keyhook keeps recording its events, and sends them when you resume, starting with the oldest. Retries wait too. <${Kept} /></p>
    <p>To drop events instead, deactivate the webhook.</p></${Confirm}>`;
}

/** How long events wait for a paused webhook. */
export function Kept() {
  const { portal } = useApp();
  const { data } = useLoad(async signal => portal ? null : get('api/account', {}, signal), []);
  return data && `Keyhook keeps waiting events for up to ${plural(data.logRetentionDays, 'day')}, as long as your plan keeps deliveries.`;
}
