import { html, useRef, useState } from '../app/preact.js';
import { createOnce, getAll, MOST_ITEMS, remove } from '../app/api.js';
import { now } from '../app/clock.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { DAY_LENGTH } from '../app/format.js';
import { atItsField, checkProof, NO_PROOF } from '../app/passwords.js';
import { announce, Badge, Button, Confirm, Dialog, Empty, Notice, PagedTable, PageHead, Secret, Time } from '../app/ui.js';
import { useLoad, usePages } from '../app/use.js';
import { FIRST_START, SCOPE_NAMES } from '../app/words.js';
import { Proof, useTwoFactor } from './proof.js';

export function ApiKeys() {
  const pages = usePages('api/api-keys', {});
  const [creating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const create = html`<${Button} needs="owner" kind="primary" icon="plus" onClick=${() => setCreating(true)}>Create API key</${Button}>`;
  const columns = [
    { name: 'Name', className: 'main', cell: key => html`<span class="strong">${key.name}</span>` },
    { name: 'Starts with', cell: key => html`<code>${key.hint}…</code>` },
    { name: 'Access', cell: ({ scopes }) => scopes ? scopes.map(scope => SCOPE_NAMES[scope][0]).join(', ') : 'Full access' },
    { name: 'Expires', cell: ({ expiresAt }) => expiresAt && Date.parse(expiresAt) <= now() ? html`<${Badge} tone="warn">Expired</${Badge}>`
      : html`<${Time} at=${expiresAt} ahead />` },
    { name: 'Last used', cell: key => html`<${Time} at=${key.lastUsedAt} />` },
    { name: 'Created', cell: key => html`<div><${Time} at=${key.createdAt} />${key.createdBy && html`<div
        class="faint clip">${key.createdBy === FIRST_START ? 'at the first start' : 'by ' + key.createdBy}</div>`}</div>` },
    { name: 'Revoke', hidden: true, className: 'end', cell: key => html`<${Button} needs="owner" kind="small"
        aria-label=${'Revoke ' + key.name}
      onClick=${() => setLeaving(key)}>Revoke</${Button}>` },
  ];
  return html`<${PageHead} title="API keys">${create}</${PageHead}>
    <p class="lead">Use API keys to call Keyhook from your own code. Give a key only the access that the program needs. License validation needs no key.</p>
    <${PagedTable} label="API keys" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="keys" title="No API keys yet"
          action=${create}>With an API key, your shop can create a license for each sale.</${Empty}>`} />
    ${creating && html`<${CreateKey} onClose=${() => setCreating(false)} onCreated=${pages.reload} />`}
    ${leaving && html`<${Revoke} leaving=${leaving} onClose=${() => setLeaving(null)} onRevoked=${pages.reload} />`}`;
}

/** Revokes a key, and the keys that it has created, because a thief may have made them. */
function Revoke({ leaving, onClose, onRevoked }) {
  const all = useLoad(signal => getAll('api/api-keys', signal), [leaving.id]);
  const [keep, setKeep] = useState(false);
  const made = createdWith(leaving.id, all.data ?? []);
  const complete = all.data && all.data.length < MOST_ITEMS;
  const revoke = async () => {
    await remove('api/api-keys/' + leaving.id, { created: keep ? null : true });
    announce(keep || !made.length ? 'API key revoked' : 'API keys revoked', 'good');
    onRevoked();
  };
  return html`<${Confirm} title="Revoke this API key?" action="Revoke API key" onClose=${onClose} run=${revoke}>
    <p>Keyhook will refuse every call that uses <strong>${leaving.name}</strong>. This can’t be undone.</p>
    ${made.length > 0 ? html`<p>It created other API keys, which are revoked too: <strong>${made.map(key => key.name).join(', ')}</strong>${complete ? '' : ' and maybe others'}.</p>`
      : !complete && html`<p>If it created other API keys, they are revoked too.${all.error && ` Can’t list them: ${all.error.message}`}</p>`}
    ${(made.length > 0 || !complete) && html`<div class="choice"><label><input type="checkbox" checked=${keep}
      onChange=${event => setKeep(event.target.checked)} /><span><strong>Keep these keys</strong><span
      class="faint">Choose this if the key was not stolen.</span></span></label></div>`}</${Confirm}>`;
}

/** The keys that a key has created, and those that they have created. */
function createdWith(id, keys) {
  const found = [{ id }];
  for (const creator of found) { // also visits those that are added
    found.push(...keys.filter(key => key.creatorId === creator.id));
  }
  return found.slice(1);
}

const LIFETIMES = [['', 'Never'], ['30', 'In 30 days'], ['90', 'In 90 days'], ['365', 'In a year']];

function CreateKey({ onClose, onCreated }) {
  const [made, setMade] = useState(null);
  const twoFactor = useTwoFactor();
  // by lifetime, so that a repeated request is the same as the first
  const { current: ends } = useRef({});
  const form = useForm({ name: '', access: 'full', scopes: [], expires: '', ...NO_PROOF }, atItsField(async values => {
    const { name, access, scopes, expires, currentPassword, code } = values;
    setMade(await createOnce('api/api-keys', {
      name: name.trim(),
      scopes: access === 'full' ? null : scopes,
      expiresAt: expires ? ends[expires] ??= new Date(now() + expires * DAY_LENGTH).toISOString() : null,
      currentPassword,
      code: code || null,
    }));
    onCreated();
  }), values => ({
    name: values.name.trim() ? '' : 'Enter a name',
    access: values.access === 'full' || values.scopes.length ? '' : 'Choose at least one scope',
    ...checkProof(values, twoFactor),
  }));
  if (made) {
    return html`<${Dialog} title="API key created" firm onClose=${onClose}>
      <div class="dialog-body">
        <${Notice} tone="warn" title="Copy the key now">Keyhook shows it only once. If you lose it, revoke it and create another.</${Notice}>
        <${Secret} text=${made.key} what="API key" />
        <p class="faint">Send it as <code>Authorization: Bearer …</code></p>
      </div>
      <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I’ve copied the key</${Button}></footer>
    </${Dialog}>`;
  }
  return html`<${FormDialog} form=${form} title="Create API key" action="Create API key" onClose=${onClose}>
    <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus
        hint="The program that uses the key, such as your shop. Shown in the audit log." />
    <${Field} form=${form} name="access" label="Access" as="select">
      <option value="full">Full access</option><option value="scopes">Only some calls</option>
    </${Field}>
    ${form.values.access === 'scopes' && html`<fieldset class="choices"><legend>Scopes</legend>
      <div class="choice-list">${Object.entries(SCOPE_NAMES).map(([scope, [name, what]]) => html`<div key=${scope} class="choice">
        <label><input type="checkbox" checked=${form.values.scopes.includes(scope)} onChange=${event =>
          form.set('scopes', scopes => event.target.checked ? [...scopes, scope] : scopes.filter(other => other !== scope))}
          /><span><strong>${name}</strong><span class="faint">${what}</span></span></label></div>`)}</div></fieldset>`}
    <${Field} form=${form} name="expires" label="Expires" as="select">
      ${LIFETIMES.map(([days, label]) => html`<option key=${days} value=${days}>${label}</option>`)}
    </${Field}>
    <${Proof} form=${form} />
  </${FormDialog}>`;
}
