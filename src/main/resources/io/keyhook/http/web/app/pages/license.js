import { html, useState } from '../preact.js';
import { get, getAll, post, remove } from '../api.js';
import { Field, Form, FormError, useForm } from '../form.js';
import { dateTime, number, shortUrl } from '../format.js';
import { useSoon } from '../live.js';
import { period } from '../periods.js';
import { backTo, go, to } from '../router.js';
import { useDeliveryStream } from '../stream.js';
import { announce, Button, Card, Code, Confirm, Empty, Facts, IdText, Later, Loaded, Notice, PagedTable, PageHead, Secret, StatusBadge, Time }
  from '../ui.js';
import { useLoad, usePages, useRefresh, useStateOf } from '../use.js';
import { LICENSE_STATUS, VALIDATION_ADVICE } from '../words.js';
import { AuditTable } from './audit.js';
import { DeliveryBadge } from './delivery-columns.js';
import { NameOf } from './terms.js';

const SHORT_PAGE = 10;
/** Milliseconds between loads: a validation that no webhook subscribes to reaches the page in no other way. */
const REFRESH = 5_000;
/** Milliseconds from a change of any delivery to the next load. */
const REFRESH_PAUSE = 2_000;

export function LicensePage({ id }) {
  const loaded = useLoad(signal => get('api/licenses/' + id, {}, signal), [id]);
  const back = backTo('/licenses', 'Licenses');
  return html`<${Loaded} of=${loaded} head=${html`<${PageHead} title="License" back=${back} />`}
      gone="This license was deleted" back=${back}>${license =>
    html`<${License} license=${license} back=${back} onChanged=${license => loaded.setData(() => license)}
        reload=${loaded.reload} />`}</${Loaded}>`;
}

function License({ license, back, onChanged, reload }) {
  // grows with every change that all cards of the page have to show
  const [version, setVersion] = useState(0);
  const done = () => setVersion(version => version + 1);
  const changed = license => {
    onChanged(license);
    done();
  };
  // grows with every load after a change elsewhere, such as a validation or a delivery
  const [seen, setSeen] = useState(0);
  const refresh = () => {
    reload();
    setSeen(seen => seen + 1);
  };
  const refreshSoon = useSoon(refresh, REFRESH_PAUSE);
  // grows with changes of this license's deliveries, which take a search of the log
  const [sent, setSent] = useState(0);
  const sentSoon = useSoon(() => setSent(sent => sent + 1), REFRESH_PAUSE);
  const heard = delivery => {
    refreshSoon();
    if (!delivery || delivery.license?.id === license.id) {
      sentSoon();
    }
  };
  useDeliveryStream(true, heard, () => heard(null));
  useRefresh(refresh, REFRESH);
  const lists = version + seen;
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const form = name => html`<${Later} load=${() => import('../../later/license-form.js')} name=${name} license=${license} onClose=${close}
      onChanged=${changed} />`;
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
      ${license.expiresAt && html`<${Button} needs="member" icon="clock" onClick=${() => setDialog('extend')}>Extend</${Button}>`}
      ${license.status === 'active' && html`<${Button} needs="member" onClick=${() => setDialog('file')}>License file</${Button}>`}
      <${Button} needs="member" onClick=${() => setDialog('edit')}>Edit</${Button}>
      ${isDisabled ? html`<${Button} needs="support" kind="primary" onClick=${enable}>Enable</${Button}>`
        : html`<${Button} needs="support" onClick=${() => setDialog('disable')}>Disable</${Button}>`}
      <${Button} needs="member" kind="danger-quiet" icon="trash" onClick=${() => setDialog('delete')}>Delete</${Button}>
    </${PageHead}>
    ${isDisabled && html`<${Notice} tone="bad" title="This license is disabled">All validations have been refused since
      ${' '}${dateTime(license.disabledAt)}. Disabled by ${license.disabledBy}.</${Notice}>`}
    <div class="split">
      <${Card} title="License">
        <${Secret} text=${license.key} what="license key" />
        <${Facts} of=${[
          ['Activations', `${number(license.currentActivations)} of ${number(license.maxActivations)}`],
          ['Expires', license.expiresAt ? html`${dateTime(license.expiresAt)} (<${Time} at=${license.expiresAt} ahead />)`
              : license.inherited.includes('expiresAt') ? 'Not before the first activation, or never' : 'Never'],
          ['Customer', license.customerName && html`<${OfCustomer} name=${license.customerName} />`],
          ['Customer e-mail', license.customerEmail && html`<${OfCustomer} name=${license.customerEmail} />`],
          license.policyId && ['Policy', html`<a href=${to('/licenses', { policyId: license.policyId })}><${NameOf}
              kind="policies" id=${license.policyId} key=${license.policyId} /></a>`],
          license.productId && ['Product', html`<a href=${to('/licenses', { productId: license.productId })}><${NameOf}
              kind="products" id=${license.productId} key=${license.productId} /></a>`],
          license.heartbeatSeconds && ['Heartbeat', period(license.heartbeatSeconds)],
          license.leaseSeconds && ['Lease', period(license.leaseSeconds)],
          ['Created', dateTime(license.createdAt)],
          ['Updated', dateTime(license.updatedAt)],
          ['ID', html`<${IdText} of=${id} />`],
        ]} />
        ${Object.keys(license.entitlements).length > 0 && html`<h3>Entitlements</h3>
          <${Code} label="entitlements" text=${JSON.stringify(license.entitlements, null, 2)} />`}
        ${Object.keys(license.metadata).length > 0 && html`<h3>Metadata</h3>
          <${Code} label="metadata" text=${JSON.stringify(license.metadata, null, 2)} />`}
      </${Card}>
      <${Tester} id=${id} version=${version} />
    </div>
    <${Devices} id=${id} version=${lists} onRemoved=${() => {
      reload();
      done();
    }} />
    <${Events} id=${id} version=${version + sent} />
    <${Card} title="Changes"><${AuditTable} query=${{ subjectId: id }} size=${SHORT_PAGE} version=${lists} name="changes" /></${Card}>
    ${dialog === 'edit' && form('EditLicense')}
    ${dialog === 'file' && html`<${Later} load=${() => import('../../later/license-file.js')} name="CreateLicenseFile" license=${license} onClose=${close}
        onCreated=${refresh} />`}
    ${dialog === 'extend' && form('ExtendLicense')}
    ${dialog === 'disable' && html`<${Confirm} title="Disable this license?" action="Disable license"
        onClose=${close} run=${async () => {
        changed(await post(`api/licenses/${id}/disable`));
        announce('License disabled', 'good');
      }}><p>Keyhook refuses every validation of <strong>${license.name}</strong> until you enable it again.</p></${Confirm}>`}
    ${dialog === 'delete' && html`<${Confirm} title="Delete this license?" action="Delete license"
        onClose=${close} run=${async () => {
        await remove('api/licenses/' + id);
        announce('License deleted', 'good');
        go('/licenses');
      }}><p>The key of <strong>${license.name}</strong> will stop working. This can’t be undone. To block it temporarily,
        disable it instead.</p></${Confirm}>`}`;
}

/** Shows the response that a validation would get, without validating. */
function Tester({ id, version }) {
  const [result, setResult] = useStateOf(version, () => null);
  const form = useForm({ fingerprint: '' }, async values => {
    setResult(() => null);
    const answer = await post(`api/licenses/${id}/check`, values);
    setResult(() => answer);
  }, values => ({ fingerprint: values.fingerprint ? '' : 'Enter the fingerprint that your app sends' }));
  return html`<${Card} title="Test validation" screen=${!result}>
    <p class="faint">Shows the response that your app would get. Nothing is saved and no event is sent.</p>
    <${Form} form=${form}>
      <${FormError} form=${form} />
      <${Field} form=${form} name="fingerprint" label="Device fingerprint" spellcheck=${false} class="mono" maxlength="500"
        suffix=${html`<${Button} type="submit" busy=${form.busy}>Test</${Button}>`} />
    </${Form}>
    <div aria-live="polite">${result && html`<${Verdict} result=${result} />`}</div>
  </${Card}>`;
}

function Verdict({ result }) {
  if (!result.valid) {
    return html`<${Notice} tone="bad" title=${'Refused: ' + result.error}>${VALIDATION_ADVICE[result.code]}</${Notice}>`;
  }
  return html`<${Notice} tone="good" title="Valid">${result.knownDevice
      ? 'This device is already activated.'
    : `This is a new device and would use ${number(result.currentActivations + 1)} of ${number(result.maxActivations)} activations.`}</${Notice}>`;
}

/** A link to all licenses of a customer. @param name or e-mail address */
function OfCustomer({ name }) {
  return html`<a href=${to('/licenses', { search: name })} title=${'All licenses of ' + name}>${name}</a>`;
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
    { name: 'Remove', hidden: true, className: 'end', cell: device => html`<${Button} needs="support" kind="small"
      aria-label=${'Remove ' + (device.deviceName ?? device.fingerprint)}
          onClick=${() => setLeaving(device)}>Remove</${Button}>` },
  ];
  return html`<${Card} title="Devices">
    <${PagedTable} label="Devices" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="device" title="No devices yet">A device appears here after its first validation.</${Empty}>`} />
    ${leaving && html`<${Confirm} title="Remove this device?" action="Remove device"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove(`api/licenses/${id}/activations/${leaving.id}`);
        announce('Device removed', 'good');
        onRemoved();
      }}><p>Removes <strong>${leaving.deviceName ?? leaving.fingerprint}</strong> and frees its activation. If the device
        validates again, it will use one again.</p></${Confirm}>`}
  </${Card}>`;
}

function Events({ id, version }) {
  const pages = usePages('api/deliveries', { licenseId: id }, { size: SHORT_PAGE, version, name: 'events' });
  const webhooks = useLoad(signal => getAll('api/webhooks', signal), [id]);
  const endpoint = id => {
    const webhook = webhooks.data?.find(webhook => webhook.id === id);
    return webhook ? shortUrl(webhook.url) : webhooks.data ? 'Deleted webhook' : webhooks.error ? id : '…';
  };
  const columns = [
    { name: 'Event', className: 'main', cell: delivery => html`<a class="row-link"
        href=${to('/deliveries/' + delivery.id)}>${delivery.event}</a>` },
    { name: 'Status', className: 'badge-cell', cell: delivery => html`<${DeliveryBadge} delivery=${delivery} />` },
    { name: 'Endpoint', className: 'rest', cell: ({ webhookId }) => html`<span class="mono clip">${endpoint(webhookId)}</span>` },
    { name: 'Attempts', numeric: true, cell: delivery => delivery.attemptCount },
    { name: 'Created', cell: delivery => html`<${Time} at=${delivery.createdAt} />` },
  ];
  return html`<${Card} title="Events sent" action=${html`<a
      href=${to('/deliveries', { licenseId: id })}>All deliveries</a>`}>
    <${PagedTable} label="Events sent" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="deliveries"
          title="No events yet">Events of this license that Keyhook sent to webhooks appear here.</${Empty}>`} />
  </${Card}>`;
}
