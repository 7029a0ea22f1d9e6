import { html, useState } from '../app/preact.js';
import { createOnce, getAll, patch, patchChanges } from '../app/api.js';
import { now } from '../app/clock.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { dateTime, fromLocal, plural, toLocal, zoneHint } from '../app/format.js';
import { checkEmail } from '../app/passwords.js';
import { checkHeartbeat, checkPeriod, parsePeriod, period } from '../app/periods.js';
import { go } from '../app/router.js';
import { announce, Button, Code, Dialog, Notice, Segments } from '../app/ui.js';
import { useLoad } from '../app/use.js';
import { checkEntitlements, checkMetadata, PolicyChoice, ProductChoice, TERMS, YEAR } from '../app/pages/terms.js';
import { Conflicts, useEdit } from './edit.js';

const MOST_AT_ONCE = 1000;

const EMPTY = { name: '', key: '', count: '10', maxActivations: '1', expiresAt: '', customerName: '',
    customerEmail: '', metadata: '', policyId: '', productId: '', entitlements: '', heartbeatSeconds: '', leaseSeconds: '' };

function check(values) {
  return {
    name: values.name.trim() ? '' : 'Enter a name',
    maxActivations: /^[1-9]\d*$/.test(values.maxActivations) || values.policyId && !values.maxActivations ? ''
      : 'Enter a whole number of 1 or more',
    customerEmail: values.customerEmail && checkEmail(values.customerEmail),
    expiresAt: values.expiresAt && new Date(values.expiresAt) < now() ? 'Must be in the future' : '',
    metadata: checkMetadata(values.metadata),
    entitlements: checkEntitlements(values.entitlements),
    heartbeatSeconds: checkHeartbeat(values.heartbeatSeconds),
    leaseSeconds: checkPeriod(values.leaseSeconds),
  };
}

/** The request as the API expects it, with null for empty fields. */
function toRequest({ name, maxActivations, expiresAt, customerName, customerEmail, metadata, policyId, productId, entitlements,
    heartbeatSeconds, leaseSeconds }) {
  return {
    name: name.trim(),
    maxActivations: maxActivations ? Number(maxActivations) : null,
    expiresAt: fromLocal(expiresAt),
    customerName: customerName.trim() || null,
    customerEmail: customerEmail.trim() || null,
    metadata: metadata.trim() ? JSON.parse(metadata) : null,
    policyId: policyId || null,
    productId: productId || null,
    entitlements: entitlements.trim() ? JSON.parse(entitlements) : null,
    heartbeatSeconds: parsePeriod(heartbeatSeconds),
    leaseSeconds: parsePeriod(leaseSeconds),
  };
}

/** A change as the API expects it: a license with a policy takes from it what is empty, and nothing else. */
function toChange(values) {
  const { maxActivations, expiresAt, ...others } = toRequest(values);
  const inherits = { maxActivations: maxActivations === null, expiresAt: !!values.policyId && expiresAt === null };
  return {
    ...others,
    ...(!inherits.maxActivations && { maxActivations }),
    ...(!inherits.expiresAt && { expiresAt }),
    inherited: Object.keys(inherits).filter(field => inherits[field]),
  };
}

function Expiry({ form, label = 'Expires' }) {
  return html`<${Field} form=${form} name="expiresAt" label=${label} type="datetime-local" optional
      hint=${(form.values.policyId ? 'Leave empty to follow the policy. ' : 'Leave empty for no expiry. ') + zoneHint} />
    <div class="presets" role="group" aria-label="Terms">${TERMS.map(([text, endOf]) => html`<button type="button"
        key=${text} class="button small" onClick=${() => form.set('expiresAt', toLocal(endOf(now())))}>In ${text}</button>`)}
      <button type="button" class="button small" onClick=${() => form.set('expiresAt', '')}>Never</button></div>`;
}

/** The policies and products to choose from. @param key loads them again when it changes; optional */
function useChoices(key) {
  const policies = useLoad(signal => getAll('api/policies', signal), [key]).data ?? [];
  const products = useLoad(signal => getAll('api/products', signal), [key]).data ?? [];
  return { policies, products };
}

/** What a license has from a policy, and beside it. */
function Terms({ form, choices: { policies, products } }) {
  return html`<div class="columns">
      <${PolicyChoice} form=${form} policies=${policies} />
      <${ProductChoice} form=${form} products=${products}
        none=${form.values.policyId ? 'The policy’s product' : 'Any product'} />
    </div>
    <div class="columns">
      <${Field} form=${form} name="heartbeatSeconds" label="Heartbeat" optional live=${checkHeartbeat}
        hint="A device that has not validated for this long, such as 1 day, loses its activation. At least 5 minutes." />
      <${Field} form=${form} name="leaseSeconds" label="Lease" optional live=${checkPeriod}
        hint="How long a signed validation is good offline, such as 14 days." />
    </div>`;
}

function Details({ form }) {
  return html`<div class="columns">
      <${Field} form=${form} name="customerName" label="Customer" optional />
      <${Field} form=${form} name="customerEmail" label="Customer e-mail" type="email" optional live=${checkEmail} />
    </div>
    <${Field} form=${form} name="metadata" label="Metadata" as="textarea" rows="3" spellcheck=${false} class="mono" optional
      hint="Your own data as a JSON object." live=${checkMetadata} />
    <${Field} form=${form} name="entitlements" label="Entitlements" as="textarea" rows="2" spellcheck=${false} class="mono" optional
      hint=${'Named features with optional values, such as {"export": null, "projects": 25}.'} live=${checkEntitlements} />`;
}

export function CreateLicense({ onClose, onCreated }) {
  const [many, setMany] = useState(false);
  const [made, setMade] = useState(null);
  const choices = useChoices();
  const form = useForm(EMPTY, async values => {
    const request = toRequest(values);
    if (many) {
      setMade((await createOnce('api/licenses/bulk', { count: Number(values.count), ...request })).data);
      onCreated();
    } else {
      const license = await createOnce('api/licenses', { ...request, key: values.key.trim() || null });
      announce('License created', 'good');
      onClose();
      go('/licenses/' + license.id);
    }
  }, values => ({
    ...check(values),
    count: !many || /^[1-9]\d*$/.test(values.count) && values.count <= MOST_AT_ONCE ? '' : 'Enter a number from 1 to 1,000',
    key: !many && values.key.trim() && !/^.{16,128}$/.test(values.key.trim()) ? 'Must have 16 to 128 characters' : '',
  }));
  if (made) {
    return html`<${Made} licenses=${made} onClose=${onClose} />`;
  }
  return html`<${FormDialog} form=${form} title="Create license" wide
      action=${many ? 'Create licenses' : 'Create license'} onClose=${onClose}>
    ${form.error?.code === 'PLAN_LIMIT_REACHED' && html`<${Notice} tone="info"><a
        href="#/plan">View plans</a></${Notice}>`}
    <${Segments} label="How many" options=${[['one', 'One license'], ['many', 'Many at once']]} value=${many
        ? 'many' : 'one'}
      onChange=${value => setMany(value === 'many')} />
    <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus
        hint=${many ? 'All licenses get this name.' : 'For your own reference, such as the product and the customer.'} />
    <div class="columns">
      ${many ? html`<${Field} key="count" form=${form} name="count" label="How many" inputmode="numeric" />`
        : html`<${Field} key="key" form=${form} name="key" label="Key" optional spellcheck=${false} class="mono"
            hint="Leave empty to generate one." />`}
      <${Field} form=${form} name="maxActivations" label="Activation limit" inputmode="numeric"
        hint=${form.values.policyId ? 'Leave empty to follow the policy.' : 'Maximum number of devices.'} />
    </div>
    <${Expiry} form=${form} />
    <${Terms} form=${form} choices=${choices} />
    <${Details} form=${form} />
  </${FormDialog}>`;
}

function Made({ licenses, onClose }) {
  const keys = licenses.map(license => license.key).join('\n');
  return html`<${Dialog} title=${plural(licenses.length, 'license') + ' created'} wide onClose=${onClose}>
    <div class="dialog-body"><p>One key per line. You can also find them in the list.</p>
      <${Code} label="keys" text=${keys} /></div>
    <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>Done</${Button}></footer>
  </${Dialog}>`;
}

const valuesOf = license => ({
  name: license.name,
  maxActivations: license.inherited.includes('maxActivations') ? '' : String(license.maxActivations),
  expiresAt: license.inherited.includes('expiresAt') ? '' : toLocal(license.expiresAt),
  customerName: license.customerName ?? '',
  customerEmail: license.customerEmail ?? '',
  metadata: Object.keys(license.metadata).length ? JSON.stringify(license.metadata, null, 2) : '',
  policyId: license.policyId ?? '',
  productId: license.productId ?? '',
  entitlements: Object.keys(license.entitlements).length ? JSON.stringify(license.entitlements, null, 2) : '',
  heartbeatSeconds: period(license.heartbeatSeconds),
  leaseSeconds: period(license.leaseSeconds),
});

/** An expiry in words; null for another field. */
const expiryName = (value, field) => field === 'expiresAt' ? dateTime(fromLocal(value)) : null;

export function EditLicense({ license, onClose, onChanged }) {
  const path = 'api/licenses/' + license.id;
  const form = useEdit({
    path,
    of: license,
    valuesOf,
    save: async (values, current) => {
      const before = toChange(valuesOf(current));
      const after = toChange(values);
      // without it, a license takes all from another policy
      const saved = await patchChanges(path, after.policyId === before.policyId ? before : { ...before, inherited: null }, after);
      if (saved) {
        announce('License saved', 'good');
      }
      onChanged(saved ?? current);
      onClose();
    },
    check: (values, initial) => ({
      ...check(values),
      ...(values.expiresAt === initial.expiresAt && { expiresAt: '' }), // a past time may stay unchanged
    }),
  });
  const choices = useChoices(form.theirs); // which may name what was created since
  const nameOf = (value, field) => expiryName(value, field)
    ?? [...choices.policies, ...choices.products].find(({ id }) => id === value)?.name ?? value;
  return html`<${FormDialog} form=${form} title="Edit license" wide action="Save" onClose=${onClose}>
    <${Conflicts} form=${form} what="license" nameOf=${nameOf} />
    <div class="columns">
      <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus />
      <${Field} form=${form} name="maxActivations" label="Activation limit" inputmode="numeric"
        hint="If more devices are activated, they stay, but no new one can be activated." />
    </div>
    <${Expiry} form=${form} />
    <${Terms} form=${form} choices=${choices} />
    <${Details} form=${form} />
  </${FormDialog}>`;
}

/** Extends a license that expires. */
export function ExtendLicense({ license, onClose, onChanged }) {
  const [opened] = useState(() => toLocal(license.expiresAt));
  const from = Math.max(now(), Date.parse(license.expiresAt));
  const path = 'api/licenses/' + license.id;
  const form = useEdit({
    path,
    of: license,
    valuesOf: ({ expiresAt }) => ({ expiresAt: toLocal(expiresAt) }),
    initial: { expiresAt: toLocal(YEAR(from)) },
    save: async (values, current) => {
      if (values.expiresAt === toLocal(current.expiresAt)) { // theirs
        onChanged(current);
      } else {
        onChanged(await patch(path, { expiresAt: fromLocal(values.expiresAt) }));
        announce('License extended', 'good');
      }
      onClose();
    },
    check: ({ expiresAt }, _, known) => {
      const earliest = known.expiresAt === opened ? from : Math.max(now(), known.expiresAt ? new Date(known.expiresAt) : 0);
      const isTheirs = expiresAt === known.expiresAt && known.expiresAt !== opened;
      return { expiresAt: expiresAt && !isTheirs && new Date(expiresAt) <= earliest ? 'Must be later than ' + dateTime(earliest) : '' };
    },
  });
  return html`<${FormDialog} form=${form} title="Extend license" action="Extend" onClose=${onClose}>
    <${Conflicts} form=${form} what="license" nameOf=${expiryName} action="Extend" />
    <div class="presets" role="group" aria-label="By how much">${TERMS.map(([text, endOf]) => html`<button
        type="button" key=${text} class="button small" onClick=${() => form.set('expiresAt', toLocal(endOf(from)))}>By ${text}</button>`)}</div>
    <${Field} form=${form} name="expiresAt" label="Expires" type="datetime-local" hint=${'Leave empty for no expiry. ' + zoneHint} />
  </${FormDialog}>`;
}
