import { html, useEffect, useRef, useState } from '../preact.js';
import { getAll, post } from '../api.js';
import { DAY_LENGTH, fromLocal, plural, shortUrl, toLocal } from '../format.js';
import { Filter, FilterInput } from '../form.js';
import { changeQuery, go, replaceQuery, useLocation } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Button, ButtonLink, Empty, Notice, PagedTable, PageHead } from '../ui.js';
import { useLoad, usePages, useStateOf } from '../use.js';
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
/** So many deliveries that were heard of are kept; the page is loaded again so soon when there are more. */
const MOST_HEARD = 200;
const FULL_PAUSE = 1_000;

export function DeliveryList() {
  const { query } = useLocation();
  const { webhookId = '', status = '', event = '', licenseId = '', time = '', from = '', to: until = '' } = query;
  const webhooks = useLoad(signal => getAll('api/webhooks', signal), []);
  const [live, setLive] = useState(true);
  const [recovering, setRecovering] = useState(false);
  const [busy, setBusy] = useState(false);
  // fixed while the filter stays, or each drawing would ask again
  const [since] = useStateOf(time, () => startOf(time));
  const range = time === 'custom' ? { from: fromLocal(from), to: fromLocal(until) } : { from: since };
  const asked = usePages('api/deliveries', { webhookId, status, event, licenseId, ...range });
  const [selected, setSelected] = useStateOf(asked.key, () => new Set());
  const lookUp = id => id.startsWith('delivery_') ? go('/deliveries/' + encodeURIComponent(id)) : changeQuery({ licenseId: id });

  const concerns = delivery => (!webhookId || delivery.webhookId === webhookId) && (!event || delivery.event === event)
    && (!since || delivery.createdAt >= since);
  const fits = delivery => !status || delivery.status === status;
  const streams = live && !licenseId && time !== 'custom';
  const { pages, newer, stream } = useLive(asked, streams, concerns, fits);

  const redeliver = async () => {
    setBusy(true);
    try {
      const { redelivering, refused } = await post('api/deliveries/redeliver', { ids: [...selected].slice(0, MOST_AT_ONCE) });
      announce(plural(redelivering, 'delivery is', 'deliveries are') + ' being sent again'
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
  const webhookOptions = [['', 'All webhooks'], ...[...urls.keys()].map(id => [id, endpoint(id)])];
  if (webhookId && !urls.has(webhookId)) {
    webhookOptions.push([webhookId, endpoint(webhookId)]);
  }
  // one that was created meanwhile, or deleted
  const unknown = webhooks.data
    && [...new Set(pages.rows?.map(row => row.webhookId))].filter(id => !urls.has(id)).sort().join();
  useEffect(() => {
    if (unknown) {
      webhooks.reload();
    }
  }, [unknown]);
  const columns = [
    ...DELIVERY_COLUMNS.slice(0, 3),
    { name: 'Endpoint', className: 'rest', cell: ({ webhookId }) => html`<span
        class="mono clip">${endpoint(webhookId)}</span>` },
    ...DELIVERY_COLUMNS.slice(3),
  ];
  const filtered = webhookId || status || event || licenseId || time;
  return html`<${PageHead} title="Deliveries">
      <${LiveState} on=${live} state=${stream} paused=${live && !streams} onChange=${setLive} />
      <${Button} icon="repeat" disabled=${!webhooks.data?.length} onClick=${() => setRecovering(true)}>Recover</${Button}>
    </${PageHead}>
    <div class="filters" role="search">
      <${Filter} label="Status" value=${status} options=${STATUSES} onChange=${status => changeQuery({ status })} />
      <${Filter} label="Event" value=${event} options=${EVENTS} onChange=${event => changeQuery({ event })} />
      <${Filter} label="Webhook" value=${webhookId} options=${webhookOptions}
        onChange=${webhookId => changeQuery({ webhookId })} />
      <${Filter} label="Time" value=${time} options=${TIMES} onChange=${time => changeQuery(time === 'custom'
        ? { time, from: toLocal(Date.now() - DAY_LENGTH), to: '' } : { time, from: '', to: '' })} />
      ${time === 'custom' && html`<${FilterInput} lazy label="From" type="datetime-local" value=${from}
          onChange=${from => changeQuery({ from })} />
        <${FilterInput} lazy label="To" type="datetime-local" value=${until} onChange=${to => changeQuery({ to })} />`}
      <${FilterInput} lazy label="License or delivery id" placeholder="lic_…, delivery_…" spellcheck=${false} value=${licenseId}
          onChange=${id => lookUp(id.trim())} />
    </div>
    ${newer > 0 && html`<${Notice} tone="info" title=${newer === MOST_HEARD ? newer + ' or more newer deliveries'
        : plural(newer, 'newer delivery', 'newer deliveries')}
      action=${html`<${Button} kind="small" onClick=${pages.first}>Show the newest</${Button}>`} />`}
    <${PagedTable} label="Deliveries" pages=${pages} columns=${columns} filtered=${filtered}
        onClear=${() => replaceQuery({})}
      selected=${selected} onSelect=${setSelected} rowName=${delivery => `${delivery.event} ${delivery.id}`}
      empty=${html`<${Empty} icon="deliveries" title="Nothing sent yet" action=${html`<${ButtonLink}
          href="#/webhooks">Go to the webhooks</${ButtonLink}>`}>
        Each event that goes to a webhook shows up here, with all its attempts.</${Empty}>`} />
    ${selected.size > 0 && html`<div class="selection" role="region" aria-label="Selection">
      <span>${plural(selected.size, 'delivery', 'deliveries')} selected${selected.size > MOST_AT_ONCE
          ? `; the first ${MOST_AT_ONCE} are sent` : ''}</span>
      <${Button} kind="quiet" onClick=${() => setSelected(() => new Set())}>Clear</${Button}>
      <${Button} kind="primary" icon="repeat" busy=${busy} onClick=${redeliver}>Redeliver</${Button}></div>`}
    ${recovering && html`<${Recover} webhooks=${webhooks.data} webhookId=${urls.has(webhookId) ? webhookId : ''}
      onClose=${() => setRecovering(false)} onRecovering=${pages.reload} />`}`;
}

/**
 * The list as the stream changes it. What was heard since a page was asked for goes over what the page says, so that
 * neither is lost, whichever comes first.
 *
 * @param concerns whether a delivery can be in the list at all, whatever its status
 * @param fits whether the list shows its present status
 * @returns `newer`: on a later page, how many deliveries there are by now that no page has shown
 */
function useLive(asked, active, concerns, fits) {
  const [heard, setHeard] = useStateOf(asked.key, () => new Map());
  const newest = useRef('');
  const stream = useDeliveryStream(active, delivery => concerns(delivery) && setHeard(heard => {
    const next = new Map(heard);
    next.delete(delivery.id); // so that it is the last one
    next.set(delivery.id, { delivery, at: performance.now() });
    if (next.size > MOST_HEARD) {
      next.delete(next.keys().next().value);
    }
    return next;
  }), asked.reload);
  const { data } = asked;
  const isShown = data?.key === asked.key;
  const fresh = new Map([...heard].filter(([, { at }]) => isShown && at >= data.at).map(([id, { delivery }]) => [id, delivery]));
  const isFull = fresh.size === MOST_HEARD;
  useEffect(() => {
    const timer = isFull && setTimeout(asked.reload, FULL_PAUSE);
    return () => clearTimeout(timer);
  }, [isFull]);
  let { rows } = asked;
  if (fresh.size > 0) {
    const known = new Set(rows.map(row => row.id));
    const oldest = data.nextCursor ? rows[rows.length - 1]?.createdAt ?? '' : ''; // what is older is on a later page
    const added = data.cursor ? [] : [...fresh.values()].filter(({ id, createdAt }) => !known.has(id) && createdAt >= oldest);
    rows = [...added, ...rows.map(row => fresh.get(row.id) ?? row)].filter(row => !fresh.has(row.id) || fits(row))
      .sort(newestFirst);
  }
  if (isShown && !data.cursor) {
    newest.current = rows[0]?.createdAt ?? '';
  }
  const newer = asked.isFirst ? 0
    : [...heard.values()].filter(({ delivery }) => fits(delivery) && delivery.createdAt > newest.current).length;
  return { pages: { ...asked, rows }, newer, stream };
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
