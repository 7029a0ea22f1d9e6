import { html, useEffect, useState } from '../preact.js';
import { getAll, post } from '../api.js';
import { now } from '../clock.js';
import { useMay } from '../context.js';
import { DAY_LENGTH, dateTime, fromLocal, number, plural, shortUrl, toLocal, zoneHint } from '../format.js';
import { Filter, FilterInput } from '../form.js';
import { MOST_HEARD, useLive } from '../live.js';
import { clearFilters, filter, go, to, useLocation } from '../router.js';
import { announce, Button, ButtonLink, Empty, Notice, PagedTable, PageHead } from '../ui.js';
import { useLoad, usePages, useStateOf } from '../use.js';
import { DELIVERY_BADGE, deliveryBadge, isFailing, isStopped, EVENT_TYPES } from '../words.js';
import { Causes } from './causes.js';
import { DELIVERY_COLUMNS } from './delivery-columns.js';
import { Drawer, openDrawer, useRoom } from './drawer.js';
import { Recover } from './recover.js';
import { Recoveries } from './recoveries.js';

const STATUSES = [['', 'Any status'], ...Object.entries(DELIVERY_BADGE).map(([status, [label]]) => [status, label]),
  ['failing', 'Failed or retrying'], ['stopped', 'Canceled after a failure']];
/** The API's parameters for statuses that only the dashboard distinguishes. */
const STATUS_QUERIES = {
  pending: { status: 'pending', failing: false, paused: false },
  retrying: { status: 'pending', failing: true, paused: false },
  paused: { paused: true },
  failing: { failing: true },
  stopped: { status: 'canceled', failing: true },
};
/** Statuses for which failures are grouped by cause, with the kinds of failures that they show. */
const FAILURES = { failing: ['failed', 'retrying'], failed: ['failed'], retrying: ['retrying'], stopped: ['canceled'] };
/** Whether a delivery has a status that is none of its own. */
const FITS = { failing: isFailing, stopped: isStopped };
const EVENTS = [['', 'Any event'], ...[...EVENT_TYPES, 'webhook.test'].map(e => [e, e])];
const TIMES = [['', 'Any time'], ['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days'],
    ['custom', 'Custom range']];
const LENGTHS = { '1h': DAY_LENGTH / 24, '24h': DAY_LENGTH, '7d': 7 * DAY_LENGTH };
/** The API's limit for one request. */
const MOST_AT_ONCE = 100;

/** A time of the URL in words; what is no time, as it is. */
const dateOf = text => Number.isNaN(Date.parse(text)) ? text : dateTime(text);

/** Links to the deliveries behind a point of a chart of attempts. @param seconds from one point to the next. @param webhookId undefined: all */
export function toAttempts({ at }, seconds, webhookId) {
  return to('/deliveries', { webhookId, attemptedFrom: at, attemptedTo: new Date(Date.parse(at) + seconds * 1000).toISOString() });
}

/** Shows what was typed or pasted: a delivery by its id or URL, the list of a webhook's or a license's, or of licenses found. */
function find(text) {
  const id = (/^https?:.*[/=](delivery_\w+)/i.exec(text)?.[1] ?? text).toLowerCase();
  if (id.startsWith('delivery_')) {
    go('/deliveries/' + encodeURIComponent(id));
  } else if (id.startsWith('webhook_')) {
    filter({ webhookId: id, licenseId: null, search: null });
  } else if (id.startsWith('lic_')) {
    filter({ licenseId: id, search: null });
  } else {
    filter({ search: text, licenseId: null });
  }
}

export function DeliveryList() {
  const { query } = useLocation();
  const { webhookId = '', status = '', event = '', licenseId = '', search = '', time = '', from = '', to: until = '', attemptedFrom = '',
    attemptedTo = '' } = query;
  const webhooks = useLoad(signal => getAll('api/webhooks', signal), []);
  const attempted = attemptedFrom || attemptedTo;
  const [live, setLive] = useState(true);
  const [recovering, setRecovering] = useState(false);
  // grows with every recovery that is started here
  const [recoveries, setRecoveries] = useState(0);
  const [busy, setBusy] = useState(false);
  // fixed while the filter stays, or each rendering would load again
  const [since] = useStateOf(time, () => startOf(time));
  const range = time === 'custom' ? { from: fromLocal(from), to: fromLocal(until) } : { from: since };
  const isBackward = range.from && range.to && range.from > range.to;
  const asked = usePages('api/deliveries', { webhookId, ...(STATUS_QUERIES[status] ?? { status }), event, licenseId, search, ...range,
    attemptedFrom, attemptedTo });
  const [selected, setSelected] = useStateOf(asked.key, () => new Set());
  const maySelect = useMay('support');
  const concerns = delivery => (!webhookId || delivery.webhookId === webhookId) && (!event || delivery.event === event)
    && (!since || delivery.createdAt >= since);
  const fits = delivery => !status || (FITS[status] ? FITS[status](delivery) : deliveryBadge(delivery) === status);
  const streams = live && !licenseId && !search && time !== 'custom' && !attempted;
  const { pages, newer, stream } = useLive(asked, streams, concerns, fits);

  const redeliver = async () => {
    setBusy(true);
    try {
      const ids = [...selected];
      let redelivering = 0;
      let paused = 0;
      const refused = [];
      for (let i = 0; i < ids.length; i += MOST_AT_ONCE) {
        const part = await post('api/deliveries/redeliver', { ids: ids.slice(i, i + MOST_AT_ONCE) });
        redelivering += part.redelivering;
        paused += part.paused ?? 0;
        refused.push(...part.refused);
      }
      announce('Redelivering ' + plural(redelivering, 'delivery', 'deliveries')
        + (paused ? `; Keyhook keeps ${paused < redelivering ? number(paused) + ' of them' : paused === 1 ? 'it' : 'them'} until the webhook resumes` : '')
        + (refused.length ? `; ${refused.length} refused: ${refused[0].message}` : ''), refused.length ? 'bad' : 'good');
      setSelected(() => new Set());
      pages.reload();
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };

  const urls = new Map((webhooks.data ?? []).map(webhook => [webhook.id, webhook.url]));
  const endpoint = id => urls.has(id) ? shortUrl(urls.get(id)) : webhooks.loading ? '…' : webhooks.error ? id
    : 'Deleted webhook';
  // an ID that is cut off, or has a typing error
  const wrong = !pages.rows && pages.error?.fields;
  const unknownId = wrong?.webhookId ? 'webhook' : wrong?.licenseId ? 'license' : null;
  const webhookOptions = [['', 'All webhooks'], ...[...urls.keys()].map(id => [id, endpoint(id)])];
  if (webhookId && !urls.has(webhookId)) {
    webhookOptions.push([webhookId, unknownId ? webhookId : endpoint(webhookId)]);
  }
  // a webhook that was created or deleted in the meantime
  const unknown = webhooks.data
    && [...new Set(pages.rows?.map(row => row.webhookId))].filter(id => !urls.has(id)).sort().join();
  useEffect(() => {
    if (unknown) {
      webhooks.reload();
    }
  }, [unknown]);
  const room = useRoom();
  const open = room ? query.open ?? null : null;
  const peek = event => {
    const link = event.target.closest('a.row-link');
    if (room && link && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      openDrawer(link.hash.slice(to('/deliveries/').length));
    }
  };
  const columns = open ? DELIVERY_COLUMNS.filter(({ className }) => className !== 'roomy') : [
    ...DELIVERY_COLUMNS.slice(0, 3),
    { name: 'Endpoint', className: 'rest spare', cell: ({ webhookId }) => html`<span
        class="mono clip">${endpoint(webhookId)}</span>` },
    ...DELIVERY_COLUMNS.slice(3),
  ];
  const healthy = status === 'failing' && !event && !licenseId && !search && !time && !attempted;
  const filtered = !healthy && (webhookId || status || event || licenseId || search || time || attempted);
  return html`<${PageHead} title="Deliveries">
      <${LiveState} on=${live} state=${stream} paused=${live && !streams} onChange=${setLive} />
      <${Button} needs="support" icon="repeat" disabled=${!webhooks.data?.length} onClick=${() => setRecovering(true)}>Recover</${Button}>
    </${PageHead}>
    <div class="filters" role="search">
      <${Filter} label="Status" value=${status} options=${STATUSES} onChange=${status => filter({ status })} />
      <${Filter} label="Event" value=${event} options=${EVENTS} onChange=${event => filter({ event })} />
      <${Filter} label="Webhook" value=${webhookId} options=${webhookOptions}
        onChange=${webhookId => filter({ webhookId })} />
      <${Filter} label="Time" value=${time} options=${TIMES} onChange=${time => filter(time === 'custom'
        ? { time, from: toLocal(now() - DAY_LENGTH), to: '' } : { time, from: '', to: '' })} />
      ${time === 'custom' && html`<${FilterInput} lazy label="From" title=${zoneHint} type="datetime-local" value=${from}
          onChange=${from => filter({ from })} />
        <${FilterInput} lazy label="To" title=${zoneHint} type="datetime-local" value=${until} onChange=${to => filter({ to })} />`}
      <${FilterInput} lazy label="Search" type="search" placeholder="License key, customer, or ID" spellcheck=${false}
          maxlength="200" value=${licenseId || search} onChange=${text => find(text.trim())} />
    </div>
    ${attempted && html`<${Notice} tone="info" title=${['Deliveries with an attempt', attemptedFrom && 'from ' + dateOf(attemptedFrom),
        attemptedTo && 'until ' + dateOf(attemptedTo)].filter(Boolean).join(' ')}
      action=${html`<${Button} kind="small" onClick=${() => filter({ attemptedFrom: null, attemptedTo: null })}>Show all times</${Button}>`} />`}
    ${newer > 0 && html`<${Notice} tone="info" title=${newer === MOST_HEARD ? newer + ' or more newer deliveries'
        : plural(newer, 'newer delivery', 'newer deliveries')}
      action=${html`<${Button} kind="small" onClick=${pages.first}>Show newest</${Button}>`} />`}
    <${Recoveries} version=${recoveries} nameOf=${endpoint} />
    ${FAILURES[status] && webhooks.data && !event && !licenseId && !search && !attempted && html`<${Causes} webhooks=${webhooks.data} kinds=${FAILURES[status]}
      query=${{ webhookId, ...range }} onChanged=${() => {
        setRecoveries(version => version + 1);
        webhooks.reload();
        pages.reload();
      }} />`}
    <div class=${open ? 'with-drawer' : undefined}><div class="list" onClick=${peek}>
    ${isBackward ? html`<${Empty} icon="search" title="From is later than To">Enter an earlier From, or a later To.</${Empty}>`
      : unknownId ? html`<${Empty} icon="search" title=${`No ${unknownId} has this ID`}
        action=${html`<${Button} onClick=${clearFilters}>Clear filters</${Button}>`}>Paste the complete ID.</${Empty}>`
      : html`<${PagedTable} label="Deliveries" pages=${pages} columns=${columns} filtered=${filtered}
        onClear=${clearFilters}
      current=${open} selected=${maySelect ? selected : null} onSelect=${setSelected} rowName=${delivery => `${delivery.event} ${delivery.id}`}
      empty=${healthy ? html`<${Empty} icon="check" title="No failures">No delivery has failed or is retrying.</${Empty}>`
        : html`<${Empty} icon="deliveries" title="No deliveries yet" action=${html`<${ButtonLink}
          href="#/webhooks">Go to webhooks</${ButtonLink}>`}>
        Each event that Keyhook sends to a webhook appears here, with all its attempts.</${Empty}>`} />`}</div>
      ${open && html`<${Drawer} id=${open} rows=${pages.rows ?? []} onChanged=${pages.reload} />`}</div>
    ${selected.size > 0 && html`<div class="selection" role="region" aria-label="Selection">
      <span>${plural(selected.size, 'delivery', 'deliveries')} selected</span>
      <${Button} kind="quiet" onClick=${() => setSelected(() => new Set())}>Clear selection</${Button}>
      <${Button} needs="support" kind="primary" icon="repeat" busy=${busy} onClick=${redeliver}>Redeliver</${Button}></div>`}
    ${recovering && html`<${Recover} webhooks=${webhooks.data} webhookId=${urls.has(webhookId) ? webhookId : ''}
      onClose=${() => setRecovering(false)} onRecovering=${() => {
        setRecoveries(version => version + 1);
        pages.reload();
      }} />`}`;
}

const startOf = time => LENGTHS[time] ? new Date(now() - LENGTHS[time]).toISOString() : null;

function LiveState({ on, state, paused, onChange }) {
  const text = !on ? 'Live updates are off' : paused ? 'Live updates unavailable for this filter' : state === 'live' ? 'Live'
      : 'Connecting…';
  return html`<label class="switch"><input type="checkbox" role="switch" aria-label="Live updates" checked=${on}
      onChange=${event => onChange(event.target.checked)} />
    <span class=${'dot ' + (on && !paused && state)} aria-hidden="true"></span><span
        aria-live="polite">${text}</span></label>`;
}
