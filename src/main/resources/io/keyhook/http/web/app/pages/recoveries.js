import { html, useState } from '../preact.js';
import { get, post } from '../api.js';
import { number } from '../format.js';
import { announce, Badge, Button, Card, Time, Url } from '../ui.js';
import { useAgain, useLoad, useSettled } from '../use.js';
import { now } from '../clock.js';

/** Milliseconds between loads while a recovery runs. */
const STEP = 1_000;
/** A recovery that ended is shown for so many milliseconds. */
const SHOWN = 10 * 60_000;
const MOST = 10;

const RECOVERY_STATUS = {
  running: ['Running', 'info'],
  completed: ['Completed', 'good'],
  stopped: ['Stopped', 'quiet'],
  failed: ['Failed', 'bad'],
};

/**
 * The recoveries that run or have just ended, with their progress.
 *
 * @param webhookId of one webhook; all if it is missing
 * @param version grows when a recovery may have started
 * @param nameOf gives the name of a webhook by its ID, to show beside each; optional
 * @param onSettled called once it is known whether there are any; optional
 */
export function Recoveries({ webhookId, version, nameOf, onSettled }) {
  const loaded = useLoad(signal => get('api/recoveries', { webhookId, limit: MOST }, signal), [webhookId, version]);
  useSettled(loaded.times > 0, onSettled);
  const shown = (loaded.data?.data ?? []).filter(({ endedAt }) => !endedAt || now() - Date.parse(endedAt) < SHOWN);
  useAgain(loaded, shown.some(({ status }) => status === 'running') ? STEP : null);
  if (shown.length === 0) {
    return null;
  }
  return html`<${Card} title="Recovery">
    <ul class="rows">${shown.map(recovery => html`<${Progress} key=${recovery.id} recovery=${recovery} name=${nameOf?.(recovery.webhookId)}
      onStopped=${loaded.reload} />`)}</ul>
  </${Card}>`;
}

function Progress({ recovery, name, onStopped }) {
  const [busy, setBusy] = useState(false);
  const { id, status, total, recovered, createdAt, endedAt } = recovery;
  const [label, tone] = RECOVERY_STATUS[status];
  const share = status === 'completed' ? 1 : total ? Math.min(1, recovered / total) : 0;
  const stop = async () => {
    setBusy(true);
    try {
      await post(`api/recoveries/${id}/stop`);
      announce('Recovery stopped. Deliveries that have already been queued are sent.', 'good');
      onStopped();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };
  return html`<li><div class="grow">
      <div class="meter-text"><span>${number(recovered)} of ${number(Math.max(total, recovered))} recovered${name && html` · <span
          class="mono"><${Url} of=${name} /></span>`}</span>
        <span class="faint nowrap">${endedAt ? html`ended <${Time} at=${endedAt} />` : html`started <${Time} at=${createdAt} />`}</span></div>
      <div class="meter" role="progressbar" aria-label="Recovered deliveries" aria-valuemin="0" aria-valuemax=${Math.max(total, recovered)}
        aria-valuenow=${recovered}><span style=${{ width: share * 100 + '%' }}></span></div>
    </div>
    <${Badge} tone=${tone}>${label}</${Badge}>
    ${status === 'running' && html`<${Button} needs="support" kind="small" busy=${busy} onClick=${stop}>Stop</${Button}>`}
  </li>`;
}
