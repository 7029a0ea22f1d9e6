import { html, useState } from '../preact.js';
import { getAll, post } from '../api.js';
import { DAY_LENGTH, fromLocal, plural, shortUrl, toLocal } from '../format.js';
import { Filter, FilterInput } from '../form.js';
import { replaceQuery, useLocation } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Button, ButtonLink, Empty, Notice, PagedTable, PageHead } from '../ui.js';
import { PAGE_SIZE, useLoad, usePages } from '../use.js';
import { DELIVERY_COLUMNS } from './delivery-columns.js';
import { Recover } from './recover.js';

const STATUSES = [['', 'Any status'], ['pending', 'Pending'], ['delivered', 'Delivered'], ['failed', 'Failed'],
    ['canceled', 'Canceled']];
const EVENTS = [['', 'Any event'], ...['license.validated', 'license.activated', 'license.expired', 'license.disabled',
    'webhook.test'].map(e => [e, e])];
const TIMES = [['', 'Any time'], ['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days'],
    ['custom', 'From … to …']];
const LENGTHS = { '1h': DAY_LENGTH / 24, '24h': DAY_LENGTH, '7d': 7 * DAY_LENGTH };
const MOST_AT_ONCE = 100;

export function DeliveryList() {
  const { query } = useLocation();
  const { webhookId = '', status = '', event = '', licenseId = '', time = '', from = '', to: until = '' } = query;
  const webhooks = useLoad(signal => getAll('api/webhooks', signal), []);
  const [live, setLive] = useState(true);
  const [selected, setSelected] = useState(new Set());
  const [recovering, setRecovering] = useState(false);
  const [busy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState(0);
  // fixed while the filter stays, or each drawing would ask again
  const [since, setSince] = useState({ time, at: startOf(time) });
  if (since.time !== time) {
    setSince({ time, at: startOf(time) });
  }
  const range = time === 'custom' ? { from: fromLocal(from), to: fromLocal(until) } : { from: since.at };
  const filters = { webhookId, status, event, licenseId, ...range };
  const pages = usePages('api/deliveries', filters);
  const filter = changes => {
    setSelected(new Set());
    setWaiting(0);
    replaceQuery({ webhookId, status, event, licenseId, time, from, to: until, ...changes });
  };

  const fits = delivery => (!status || delivery.status === status) && (!event || delivery.event === event);
  const streams = live && !licenseId && time !== 'custom';
  const stream = useDeliveryStream(streams, { webhookId }, delivery => {
    if (pages.rows?.some(row => row.id === delivery.id)) {
      pages.setRows(rows => rows.map(row => row.id === delivery.id ? delivery : row));
    } else if (fits(delivery) && pages.isFirst) {
      pages.setRows(rows => [delivery, ...rows].sort(newestFirst).slice(0, PAGE_SIZE));
    } else if (fits(delivery)) {
      setWaiting(n => n + 1);
    }
  });

  const redeliver = async () => {
    setBusy(true);
    try {
      const { redelivering, refused } = await post('api/deliveries/redeliver', { ids: [...selected].slice(0, MOST_AT_ONCE) });
      announce(plural(redelivering, 'delivery is', 'deliveries are') + ' being sent again'
        + (refused.length ? `; ${refused.length} refused: ${refused[0].message}` : ''), refused.length ? 'bad' : 'good');
      setSelected(new Set());
      pages.reload();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };

  const urls = new Map((webhooks.data ?? []).map(webhook => [webhook.id, webhook.url]));
  const webhookOptions = [['', 'All webhooks'], ...[...urls].map(([id, url]) => [id, shortUrl(url)])];
  if (webhookId && !urls.has(webhookId)) {
    webhookOptions.push([webhookId, webhooks.data ? 'Deleted webhook' : '…']);
  }
  const columns = [
    ...DELIVERY_COLUMNS.slice(0, 3),
    { name: 'Endpoint', className: 'rest', cell: ({ webhookId }) => html`<span
        class="mono clip">${urls.has(webhookId) ? shortUrl(urls.get(webhookId)) : 'Deleted webhook'}</span>` },
    ...DELIVERY_COLUMNS.slice(3),
  ];
  const filtered = webhookId || status || event || licenseId || time;
  return html`<${PageHead} title="Deliveries">
      <${LiveState} on=${live} state=${stream} paused=${live && !streams} onChange=${setLive} />
      <${Button} icon="repeat" disabled=${!webhooks.data?.length} onClick=${() => setRecovering(true)}>Recover</${Button}>
    </${PageHead}>
    <div class="filters" role="search">
      <${Filter} label="Status" value=${status} options=${STATUSES} onChange=${status => filter({ status })} />
      <${Filter} label="Event" value=${event} options=${EVENTS} onChange=${event => filter({ event })} />
      <${Filter} label="Webhook" value=${webhookId} options=${webhookOptions}
        onChange=${webhookId => filter({ webhookId })} />
      <${Filter} label="Time" value=${time} options=${TIMES} onChange=${time => filter(time === 'custom'
        ? { time, from: toLocal(Date.now() - DAY_LENGTH), to: '' } : { time, from: '', to: '' })} />
      ${time === 'custom' && html`<${FilterInput} lazy label="From" type="datetime-local" value=${from}
          onChange=${from => filter({ from })} />
        <${FilterInput} lazy label="To" type="datetime-local" value=${until} onChange=${to => filter({ to })} />`}
      <${FilterInput} lazy label="License id" placeholder="lic_…" spellcheck=${false} value=${licenseId}
          onChange=${id => filter({ licenseId: id.trim() })} />
    </div>
    ${waiting > 0 && html`<${Notice} tone="info" title=${plural(waiting, 'newer delivery', 'newer deliveries')}
      action=${html`<${Button} kind="small" onClick=${() => filter({})}>Show the newest</${Button}>`} />`}
    <${PagedTable} label="Deliveries" pages=${pages} columns=${columns} filtered=${filtered}
        onClear=${() => replaceQuery({})}
      selected=${selected} onSelect=${setSelected} rowName=${delivery => `${delivery.event} ${delivery.id}`}
      empty=${html`<${Empty} icon="deliveries" title="Nothing sent yet" action=${html`<${ButtonLink}
          href="#/webhooks">Go to the webhooks</${ButtonLink}>`}>
        Each event that goes to a webhook shows up here, with all its attempts.</${Empty}>`} />
    ${selected.size > 0 && html`<div class="selection" role="region" aria-label="Selection">
      <span>${plural(selected.size, 'delivery', 'deliveries')} selected${selected.size > MOST_AT_ONCE
          ? `; the first ${MOST_AT_ONCE} are sent` : ''}</span>
      <${Button} kind="quiet" onClick=${() => setSelected(new Set())}>Clear</${Button}>
      <${Button} kind="primary" icon="repeat" busy=${busy} onClick=${redeliver}>Redeliver</${Button}></div>`}
    ${recovering && html`<${Recover} webhooks=${webhooks.data} webhookId=${urls.has(webhookId) ? webhookId : ''}
      onClose=${() => setRecovering(false)} onRecovering=${pages.reload} />`}`;
}

const newestFirst = (a, b) => a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;

const startOf = time => LENGTHS[time] ? new Date(Date.now() - LENGTHS[time]).toISOString() : null;

function LiveState({ on, state, paused, onChange }) {
  const text = !on ? 'Live updates are off' : paused ? 'Not live with this filter' : state === 'live' ? 'Live'
      : 'Connecting…';
  return html`<label class="switch"><input type="checkbox" role="switch" aria-label="Live updates" checked=${on}
      onChange=${event => onChange(event.target.checked)} />
    <span class=${'dot ' + (on && !paused && state)} aria-hidden="true"></span><span
        aria-live="polite">${text}</span></label>`;
}
