import { html, useState } from '../preact.js';
import { post, remove } from '../api.js';
import { Field, FormDialog, useForm } from '../form.js';
import { announce, Button, Confirm, Dialog, Empty, Notice, PagedTable, PageHead, Secret, Time } from '../ui.js';
import { usePages } from '../use.js';

export function ApiKeys() {
  const pages = usePages('api/api-keys', {});
  const [creating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const create = html`<${Button} needs="owner" kind="primary" icon="plus" onClick=${() => setCreating(true)}>Create API key</${Button}>`;
  const columns = [
    { name: 'Name', className: 'main', cell: key => html`<span class="strong">${key.name}</span>` },
    { name: 'Starts with', cell: key => html`<code>${key.hint}…</code>` },
    { name: 'Last used', cell: key => html`<${Time} at=${key.lastUsedAt} />` },
    { name: 'Created', cell: key => html`<${Time} at=${key.createdAt} />` },
    { name: 'Revoke', hidden: true, className: 'end', cell: key => html`<${Button} needs="owner" kind="small"
        aria-label=${'Revoke ' + key.name}
      onClick=${() => setLeaving(key)}>Revoke</${Button}>` },
  ];
  return html`<${PageHead} title="API keys">${create}</${PageHead}>
    <p class="lead">Use API keys to call Keyhook from your own code. A key has full access to this account. License validation needs no key.</p>
    <${PagedTable} label="API keys" pages=${pages} columns=${columns}
      empty=${html`<${Empty} icon="keys" title="No API keys yet"
          action=${create}>With an API key, your shop can create a license for each sale.</${Empty}>`} />
    ${creating && html`<${CreateKey} onClose=${() => setCreating(false)} onCreated=${pages.reload} />`}
    ${leaving && html`<${Confirm} title="Revoke this API key?" action="Revoke API key"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove('api/api-keys/' + leaving.id);
        announce('API key revoked', 'good');
        pages.reload();
      }}><p>Keyhook will refuse every call that uses <strong>${leaving.name}</strong>. This can’t be undone.</p></${Confirm}>`}`;
}

function CreateKey({ onClose, onCreated }) {
  const [made, setMade] = useState(null);
  const form = useForm({ name: '' }, async values => {
    setMade(await post('api/api-keys', { name: values.name.trim() }));
    onCreated();
  }, values => ({ name: values.name.trim() ? '' : 'Enter a name' }));
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
  </${FormDialog}>`;
}
