import { html, useState } from '../preact.js';
import { get, post, remove } from '../api.js';
import { Field, Form, FormError, useForm } from '../form.js';
import { dateTime, number } from '../format.js';
import { useSoon } from '../live.js';
import { backTo, go, to } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Button, Card, Code, Confirm, Empty, Facts, Loaded, Notice, PagedTable, PageHead, Secret, StatusBadge, Time }
  from '../ui.js';
import { useLoad, usePages, useRefresh, useStateOf } from '../use.js';
import { LICENSE_STATUS, VALIDATION_ADVICE } from '../words.js';
import { AuditTable } from './audit.js';
import { DeliveryBadge } from './delivery-columns.js';
import { EditLicense, ExtendLicense } from './license-form.js';

const SHORT_PAGE = 10;
/** A validation raises an event only where a webhook wants it, so the page looks by itself, too. */
const REFRESH = 5_000;
/** After a delivery has changed, which may be this license's. */
const REFRESH_PAUSE = 2_000;

export function LicensePage({ id }) {
  const loaded = useLoad(signal => get('api/licenses/' + id, {}, signal), [id]);
  const back = backTo('/licenses', 'Licenses');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="License" back=${back} />`}>${license =>
    html`<${License} license=${license} back=${back} onChanged=${license => loaded.setData(() => license)}
        reload=${loaded.reload} />`}</${Loaded}>`;
}

function License({ license, back, onChanged, reload }) {
  // of what this page has done, which all of its cards tell of
  const [version, setVersion] = useState(0);
  const done = () => setVersion(version => version + 1);
  const changed = license => {
    onChanged(license);
    done();
  };
  // of what happened elsewhere: a device that validates, an event that is delivered
  const [seen, setSeen] = useState(0);
  const refresh = () => {
    reload();
    setSeen(seen => seen + 1);
  };
  const refreshSoon = useSoon(refresh, REFRESH_PAUSE);
  useDeliveryStream(true, refreshSoon, refreshSoon);
  useRefresh(refresh, REFRESH);
  const lists = version + seen;
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const { id } = license;
  const isDisabled = license.status === 'disabled';
  const enable = async () => {
    try {
      changed(await post(`api/licenses/${id}/enable`));
      announce('License enabled', 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  return html`<${PageHead} title=${license.name} back=${back} badge=${html`<${StatusBadge}
      words=${LICENSE_STATUS} status=${license.status} />`}>
      ${license.expiresAt && html`<${Button} icon="clock" onClick=${() => setDialog('extend')}>Extend</${Button}>`}
      <${Button} onClick=${() => setDialog('edit')}>Edit</${Button}>
      ${isDisabled ? html`<${Button} kind="primary" onClick=${enable}>Enable</${Button}>`
        : html`<${Button} onClick=${() => setDialog('disable')}>Disable</${Button}>`}
      <${Button} kind="danger-quiet" icon="trash" onClick=${() => setDialog('delete')}>Delete</${Button}>
    </${PageHead}>
    ${isDisabled && html`<${Notice} tone="bad" title="This license is disabled">All validations have been refused since
      ${' '}${dateTime(license.disabledAt)}. Disabled by ${license.disabledBy}.</${Notice}>`}
    <div class="split">
      <${Card} title="License">
        <${Secret} text=${license.key} what="license key" />
        <${Facts} of=${[
          ['Devices', `${number(license.currentActivations)} of ${number(license.maxActivations)}`],
          ['Expires', license.expiresAt ? html`${dateTime(license.expiresAt)} (<${Time} at=${license.expiresAt} ahead />)`
              : 'Never'],
          ['Customer', license.customerName],
          ['Customer’s e-mail', license.customerEmail],
          ['Created', dateTime(license.createdAt)],
          ['Changed', dateTime(license.updatedAt)],
          ['Id', html`<code>${id}</code>`],
        ]} />
        ${Object.keys(license.metadata).length > 0 && html`<h3>Metadata</h3>
          <${Code} label="metadata" text=${JSON.stringify(license.metadata, null, 2)} />`}
      </${Card}>
      <${Tester} id=${id} version=${version} />
    </div>
    <${Devices} id=${id} version=${lists} onRemoved=${() => {
      reload();
      done();
    }} />
    <${Events} id=${id} version=${lists} />
    <${Card} title="Changes"><${AuditTable} query=${{ subjectId: id }} size=${SHORT_PAGE} version=${lists} name="changes" /></${Card}>
    ${dialog === 'edit' && html`<${EditLicense} license=${license} onClose=${close} onChanged=${changed} />`}
    ${dialog === 'extend' && html`<${ExtendLicense} license=${license} onClose=${close} onChanged=${changed} />`}
    ${dialog === 'disable' && html`<${Confirm} title="Disable this license?" action="Disable license"
        onClose=${close} run=${async () => {
        changed(await post(`api/licenses/${id}/disable`));
        announce('License disabled', 'good');
      }}><p>From now on <strong>${license.name}</strong> is refused on every device, until you enable it again.</p></${Confirm}>`}
    ${dialog === 'delete' && html`<${Confirm} title="Delete this license?" action="Delete license"
        onClose=${close} run=${async () => {
        await remove('api/licenses/' + id);
        announce('License deleted', 'good');
        go('/licenses');
      }}><p><strong>${license.name}</strong> and its devices are deleted, and its key is not found from now on. This cannot be
        taken back; to stop it for a while, disable it.</p></${Confirm}>`}`;
}

/** What a validation would say, without making one. */
function Tester({ id, version }) {
  const [result, setResult] = useStateOf(version, () => null);
  const form = useForm({ fingerprint: '' }, async values => {
    setResult(() => null);
    const answer = await post(`api/licenses/${id}/check`, values);
    setResult(() => answer);
  }, values => ({ fingerprint: values.fingerprint ? '' : 'Enter a fingerprint, as your software sends it' }));
  return html`<${Card} title="Try a device">
    <p class="faint">Shows the response that your software would get. The check changes nothing and raises no event.</p>
    <${Form} form=${form}>
      <${FormError} form=${form} />
      <${Field} form=${form} name="fingerprint" label="Device fingerprint" spellcheck=${false} class="mono" maxlength="500"
        suffix=${html`<${Button} type="submit" busy=${form.busy}>Check</${Button}>`} />
    </${Form}>
    <div aria-live="polite">${result && html`<${Verdict} result=${result} />`}</div>
  </${Card}>`;
}

function Verdict({ result }) {
  if (!result.valid) {
    return html`<${Notice} tone="bad" title=${'It would be refused: ' + result.error}>${VALIDATION_ADVICE[result.code]}</${Notice}>`;
  }
  return html`<${Notice} tone="good" title="It would be valid">${result.knownDevice
      ? 'The device is known and takes no further place.'
    : `The device is new and would take a place: ${number(result.currentActivations + 1)} of ${number(result.maxActivations)} would be in use.`}</${Notice}>`;
}

function Devices({ id, version, onRemoved }) {
  const pages = usePages(`api/licenses/${id}/activations`, {}, { size: SHORT_PAGE, version, name: 'devices' });
  const [leaving, setLeaving] = useState(null);
  const columns = [
    { name: 'Device', className: 'main', cell: device => html`<span
        class="strong">${device.deviceName ?? 'Unnamed device'}</span>
      <div class="faint mono clip" title=${device.fingerprint}>${device.fingerprint}</div>` },
    { name: 'Type', className: 'roomy', cell: device => device.deviceType ?? html`<span class="faint">–</span>` },
    { name: 'Address', cell: device => device.ipAddress ? html`<span class="mono">${device.ipAddress}</span>`
        : html`<span class="faint">–</span>` },
    { name: 'First seen', cell: device => html`<${Time} at=${device.activatedAt} />` },
    { name: 'Last seen', cell: device => html`<${Time} at=${device.lastSeenAt} />` },
    { name: 'Remove', hidden: true, className: 'end', cell: device => html`<${Button} kind="small"
      aria-label=${'Remove ' + (device.deviceName ?? device.fingerprint)}
          onClick=${() => setLeaving(device)}>Remove</${Button}>` },
  ];
  return html`<${Card} title="Devices">
    <${PagedTable} label="Devices" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="device" title="No device yet">The first validation of a device puts it here.</${Empty}>`} />
    ${leaving && html`<${Confirm} title="Remove this device?" action="Remove device"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove(`api/licenses/${id}/activations/${leaving.id}`);
        announce('Device removed', 'good');
        onRemoved();
      }}><p><strong>${leaving.deviceName ?? leaving.fingerprint}</strong> gives its place free. If it validates again, it takes a
        place again, where there is one.</p></${Confirm}>`}
  </${Card}>`;
}

function Events({ id, version }) {
  const pages = usePages('api/deliveries', { licenseId: id }, { size: SHORT_PAGE, version, name: 'events' });
  const columns = [
    { name: 'Event', className: 'main', cell: delivery => html`<a class="row-link"
        href=${to('/deliveries/' + delivery.id)}>${delivery.event}</a>` },
    { name: 'Status', className: 'badge-cell', cell: delivery => html`<${DeliveryBadge} delivery=${delivery} />` },
    { name: 'Attempts', numeric: true, cell: delivery => delivery.attemptCount },
    { name: 'When', cell: delivery => html`<${Time} at=${delivery.createdAt} />` },
  ];
  return html`<${Card} title="Events sent" action=${html`<a
      href=${to('/deliveries', { licenseId: id })}>All deliveries</a>`}>
    <${PagedTable} label="Events sent" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="deliveries"
          title="No event yet">Events of this license that went to webhooks show up here.</${Empty}>`} />
  </${Card}>`;
}
