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
    { name: 'Last login', cell: user => html`<${Time} at=${user.lastLoginAt} />` },
    { name: 'Added', cell: user => html`<${Time} at=${user.createdAt} />` },
    { name: 'Remove', hidden: true, className: 'end', cell: user => me.data && !isMe(user) && html`<${Button} kind="small"
      aria-label=${'Remove ' + user.email} onClick=${() => setLeaving(user)}>Remove</${Button}>` },
  ];
  return html`<${PageHead} title="Team"><${Button} kind="primary" icon="plus"
      onClick=${() => setAdding(true)}>Add team member</${Button}></${PageHead}>
    <p class="lead">Everyone on this list has full access to the account. The audit log shows what they do.</p>
    <${PagedTable} label="Team" pages=${pages} columns=${columns} />
    ${adding && html`<${AddPerson} onClose=${() => setAdding(false)} onAdded=${pages.reload} />`}
    ${leaving && html`<${Confirm} title="Remove this team member?" action="Remove team member"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove('api/users/' + leaving.id);
        announce('Team member removed', 'good');
        pages.reload();
      }}><p><strong>${leaving.email}</strong> is logged out on all devices and can’t log in again.</p></${Confirm}>`}`;
}

function AddPerson({ onClose, onAdded }) {
  const form = useForm({ email: '', password: '' }, async values => {
    await post('api/users', values);
    announce('Team member added', 'good');
    onAdded();
    onClose();
  }, values => ({ email: checkEmail(values.email), password: checkPassword(values.password) }));
  return html`<${FormDialog} form=${form} title="Add team member" action="Add team member" onClose=${onClose}>
    <${Field} form=${form} name="email" label="E-mail" type="email" live=${checkEmail} autofocus />
    <${Field} form=${form} name="password" label="First password" spellcheck=${false} class="mono" live=${checkPassword}
      hint=${PASSWORD_HINT + ' Send it to your colleague yourself; it can be changed under Settings.'} />
  </${FormDialog}>`;
}
