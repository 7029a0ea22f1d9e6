import { html, useState } from '../preact.js';
import { post, remove } from '../api.js';
import { useApp } from '../context.js';
import { Field, FormDialog, useForm } from '../form.js';
import { checkEmail, checkPassword, PASSWORD_HINT } from '../passwords.js';
import { announce, Badge, Button, Confirm, PagedTable, PageHead, Time } from '../ui.js';
import { usePages } from '../use.js';

export function People() {
  const { me } = useApp();
  const pages = usePages('api/users', {});
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const isMe = user => user.id === me.data?.user?.id;
  const columns = [
    { name: 'E-mail', className: 'main', cell: user => html`<span
        class="strong">${user.email}</span> ${isMe(user) && html`<${Badge}>You</${Badge}>`}` },
    { name: 'Last log-in', cell: user => html`<${Time} at=${user.lastLoginAt} />` },
    { name: 'Added', cell: user => html`<${Time} at=${user.createdAt} />` },
    { name: 'Remove', hidden: true, className: 'end', cell: user => me.data && !isMe(user) && html`<${Button} kind="small"
      aria-label=${'Remove ' + user.email} onClick=${() => setLeaving(user)}>Remove</${Button}>` },
  ];
  return html`<${PageHead} title="People"><${Button} kind="primary" icon="plus"
      onClick=${() => setAdding(true)}>Add person</${Button}></${PageHead}>
    <p class="lead">Everybody here may do everything in this account. What they do is in the audit log.</p>
    <${PagedTable} label="People" pages=${pages} columns=${columns} />
    ${adding && html`<${AddPerson} onClose=${() => setAdding(false)} onAdded=${pages.reload} />`}
    ${leaving && html`<${Confirm} title="Remove this person?" action="Remove person"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove('api/users/' + leaving.id);
        announce('Person removed', 'good');
        pages.reload();
      }}><p><strong>${leaving.email}</strong> is logged out everywhere and cannot log in again.</p></${Confirm}>`}`;
}

function AddPerson({ onClose, onAdded }) {
  const form = useForm({ email: '', password: '' }, async values => {
    await post('api/users', values);
    announce('Person added', 'good');
    onAdded();
    onClose();
  }, values => ({ email: checkEmail(values.email), password: checkPassword(values.password) }));
  return html`<${FormDialog} form=${form} title="Add person" action="Add person" onClose=${onClose}>
    <${Field} form=${form} name="email" label="E-mail" type="email" live=${checkEmail} autofocus />
    <${Field} form=${form} name="password" label="First password" spellcheck=${false} class="mono" live=${checkPassword}
      hint=${PASSWORD_HINT + ' Pass it on yourself; they can change it in their settings.'} />
  </${FormDialog}>`;
}
