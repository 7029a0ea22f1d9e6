import { html, useState } from '../app/preact.js';
import { createOnce, getAll, patchChanges, remove } from '../app/api.js';
import { Field, FormDialog } from '../app/form.js';
import { number } from '../app/format.js';
import { checkGrace, checkHeartbeat, checkPeriod, parsePeriod, period } from '../app/periods.js';
import { to } from '../app/router.js';
import { announce, Badge, Button, Card, Confirm, Empty, PagedTable, PageHead, Time } from '../app/ui.js';
import { useLoad, usePages } from '../app/use.js';
import { checkEntitlements, ProductChoice } from '../app/pages/terms.js';
import { Conflicts, useEdit } from './edit.js';

const NEW = { name: '', durationSeconds: null, expiryBasis: 'creation', trial: false, maxActivations: 1, graceSeconds: 0,
    heartbeatSeconds: null, leaseSeconds: null, productId: null, entitlements: {} };

export function Policies() {
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const pages = usePages('api/policies', {});
  const create = html`<${Button} needs="member" kind="primary" icon="plus"
      onClick=${() => setDialog({ kind: 'create' })}>Create policy</${Button}>`;
  const columns = [
    { name: 'Name', className: 'main', cell: policy => html`<a class="row-link"
        href=${to('/licenses', { policyId: policy.id })} title="Licenses with this policy">${policy.name}</a>${policy.trial
          && html` <${Badge} tone="info">Trial</${Badge}>`}` },
    { name: 'Valid for', cell: policy => policy.durationSeconds == null ? html`<span class="faint">Unlimited</span>`
      : html`<div>${period(policy.durationSeconds)}<div class="faint">from ${policy.expiryBasis === 'creation' ? 'creation'
          : 'the first activation'}</div></div>` },
    { name: 'Activation limit', numeric: true, cell: policy => number(policy.maxActivations) },
    { name: 'Grace period', className: 'roomy', cell: policy => period(policy.graceSeconds || null) || html`<span class="faint">–</span>` },
    { name: 'Created', className: 'roomy', cell: policy => html`<${Time} at=${policy.createdAt} />` },
    { name: 'Actions', hidden: true, className: 'end', cell: policy => html`<span class="actions"><${Button} needs="member" kind="small"
        aria-label=${'Edit ' + policy.name} onClick=${() => setDialog({ kind: 'edit', policy })}>Edit</${Button}>
      <${Button} needs="member" kind="small" aria-label=${'Delete ' + policy.name}
        onClick=${() => setDialog({ kind: 'delete', policy })}>Delete</${Button}></span>` },
  ];
  return html`<${PageHead} title="Policies">${create}</${PageHead}>
    <p class="lead">A policy holds what many licenses have in common. Change it once, and all of its licenses follow.</p>
    <${PagedTable} label="Policies" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="policies" title="No policies yet"
          action=${create}>With a policy for trials, for example, each trial ends 14 days after its first activation.</${Empty}>`} />
    ${(pages.rows || pages.error) && html`<${Products} />`}
    ${dialog?.kind === 'create' && html`<${PolicyForm} policy=${NEW} onClose=${close} onSaved=${pages.reload} />`}
    ${dialog?.kind === 'edit' && html`<${PolicyForm} policy=${dialog.policy} onClose=${close} onSaved=${pages.reload} />`}
    ${dialog?.kind === 'delete' && html`<${Confirm} title="Delete this policy?" action="Delete policy" onClose=${close} run=${async () => {
        await remove('api/policies/' + dialog.policy.id);
        announce('Policy deleted', 'good');
        pages.reload();
      }}><p>Deletes <strong>${dialog.policy.name}</strong>. Keyhook refuses this while licenses use the policy.</p></${Confirm}>`}`;
}

function toRequest(values) {
  return {
    name: values.name.trim(),
    durationSeconds: parsePeriod(values.durationSeconds),
    expiryBasis: values.expiryBasis,
    trial: values.trial,
    maxActivations: Number(values.maxActivations),
    graceSeconds: parsePeriod(values.graceSeconds) ?? 0,
    heartbeatSeconds: parsePeriod(values.heartbeatSeconds),
    leaseSeconds: parsePeriod(values.leaseSeconds),
    productId: values.productId || null,
    entitlements: values.entitlements.trim() ? JSON.parse(values.entitlements) : null,
  };
}

const valuesOf = policy => ({
  name: policy.name,
  expiryBasis: policy.expiryBasis,
  trial: policy.trial,
  durationSeconds: period(policy.durationSeconds),
  graceSeconds: period(policy.graceSeconds || null),
  heartbeatSeconds: period(policy.heartbeatSeconds),
  leaseSeconds: period(policy.leaseSeconds),
  maxActivations: String(policy.maxActivations),
  productId: policy.productId ?? '',
  entitlements: Object.keys(policy.entitlements).length ? JSON.stringify(policy.entitlements, null, 2) : '',
});

/** Creates a policy, or changes one that has an ID. */
function PolicyForm({ policy, onClose, onSaved }) {
  const products = useLoad(signal => getAll('api/products', signal), []);
  const path = policy.id ? 'api/policies/' + policy.id : null;
  const form = useEdit({
    path,
    of: policy,
    valuesOf,
    save: async (values, current) => {
      await (path ? patchChanges(path, toRequest(valuesOf(current)), toRequest(values)) : createOnce('api/policies', toRequest(values)));
      announce(path ? 'Policy saved' : 'Policy created', 'good');
      onSaved();
      onClose();
    },
    check: values => ({
      name: values.name.trim() ? '' : 'Enter a name',
      maxActivations: /^[1-9]\d*$/.test(values.maxActivations) ? '' : 'Enter a whole number of 1 or more',
      durationSeconds: checkPeriod(values.durationSeconds),
      graceSeconds: checkGrace(values.graceSeconds),
      heartbeatSeconds: checkHeartbeat(values.heartbeatSeconds),
      leaseSeconds: checkPeriod(values.leaseSeconds),
      entitlements: checkEntitlements(values.entitlements),
    }),
  });
  return html`<${FormDialog} form=${form} title=${policy.id ? 'Edit policy' : 'Create policy'} wide
      action=${policy.id ? 'Save' : 'Create policy'} onClose=${onClose}>
    <${Conflicts} form=${form} what="policy" />
    <div class="columns">
      <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus />
      <${Field} form=${form} name="maxActivations" label="Activation limit" inputmode="numeric" hint="Maximum number of devices." />
    </div>
    <div class="columns">
      <${Field} form=${form} name="durationSeconds" label="Valid for" optional live=${checkPeriod}
        hint="Such as 14 days or 36 hours. Leave empty for no expiry." />
      <${Field} form=${form} name="expiryBasis" label="Counted from" as="select">
        <option value="creation">The creation of the license</option>
        <option value="first_activation">Its first activation</option>
      </${Field}>
    </div>
    <div class="columns">
      <${Field} form=${form} name="graceSeconds" label="Grace period" optional live=${checkGrace}
        hint="How long a license stays valid after its expiry." />
      <${Field} form=${form} name="heartbeatSeconds" label="Heartbeat" optional live=${checkHeartbeat}
        hint="A device that has not validated for this long loses its activation. At least 5 minutes." />
    </div>
    <div class="columns">
      <${Field} form=${form} name="leaseSeconds" label="Lease" optional live=${checkPeriod}
        hint="How long a signed validation is good offline." />
      <${ProductChoice} form=${form} products=${products.data ?? []} />
    </div>
    <${Field} form=${form} name="entitlements" label="Entitlements" as="textarea" rows="3" spellcheck=${false} class="mono" optional
      hint=${'Named features with optional values, such as {"export": null, "projects": 25}.'} live=${checkEntitlements} />
    <div class="choice"><label><input type="checkbox" name="trial" checked=${form.values.trial} onChange=${event =>
      form.set('trial', event.target.checked)} /><span><strong>Trial</strong><span
      class="faint">Marks the licenses as trials, for your information.</span></span></label></div>
  </${FormDialog}>`;
}

function Products() {
  const pages = usePages('api/products', {}, { name: 'products' });
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const create = html`<${Button} needs="member" onClick=${() => setDialog({ kind: 'create' })}>Create product</${Button}>`;
  const columns = [
    { name: 'Name', className: 'main', cell: product => html`<a class="row-link"
        href=${to('/licenses', { productId: product.id })} title="Licenses for this product">${product.name}</a>
      <div class="faint mono">${product.id}</div>` },
    { name: 'Created', cell: product => html`<${Time} at=${product.createdAt} />` },
    { name: 'Actions', hidden: true, className: 'end', cell: product => html`<span class="actions"><${Button} needs="member" kind="small"
        aria-label=${'Rename ' + product.name} onClick=${() => setDialog({ kind: 'rename', product })}>Rename</${Button}>
      <${Button} needs="member" kind="small" aria-label=${'Delete ' + product.name}
        onClick=${() => setDialog({ kind: 'delete', product })}>Delete</${Button}></span>` },
  ];
  return html`<${Card} title="Products" action=${create}>
    <p class="faint">Name a license’s product, and your app can refuse keys that you sold for another one.</p>
    <${PagedTable} label="Products" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="policies" title="No products yet">Without products, a key is good for all of your apps.</${Empty}>`} />
    ${dialog?.kind === 'create' && html`<${ProductForm} onClose=${close} onSaved=${pages.reload} />`}
    ${dialog?.kind === 'rename' && html`<${ProductForm} product=${dialog.product} onClose=${close} onSaved=${pages.reload} />`}
    ${dialog?.kind === 'delete' && html`<${Confirm} title="Delete this product?" action="Delete product" onClose=${close} run=${async () => {
        await remove('api/products/' + dialog.product.id);
        announce('Product deleted', 'good');
        pages.reload();
      }}><p>Deletes <strong>${dialog.product.name}</strong>. Keyhook refuses this while licenses or policies name it.</p></${Confirm}>`}
  </${Card}>`;
}

/** @param product undefined: creates one */
function ProductForm({ product, onClose, onSaved }) {
  const path = product ? 'api/products/' + product.id : null;
  const form = useEdit({
    path,
    of: product ?? { name: '' },
    valuesOf: ({ name }) => ({ name }),
    save: async (values, current) => {
      const request = { name: values.name.trim() };
      await (path ? patchChanges(path, current, request) : createOnce('api/products', request));
      announce(path ? 'Product renamed' : 'Product created', 'good');
      onSaved();
      onClose();
    },
    check: values => ({ name: values.name.trim() ? '' : 'Enter a name' }),
  });
  return html`<${FormDialog} form=${form} title=${product ? 'Rename product' : 'Create product'}
      action=${product ? 'Rename' : 'Create product'} onClose=${onClose}>
    <${Conflicts} form=${form} what="product" />
    <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus hint="Such as the name of your app." />
  </${FormDialog}>`;
}
