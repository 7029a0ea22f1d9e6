import { html, useState } from '../preact.js';
import { patch, post, remove } from '../api.js';
import { ROLES, useApp, useMay } from '../context.js';
import { Field, FormDialog, useForm } from '../form.js';
import { checkEmail, checkPassword, PASSWORD_HINT } from '../passwords.js';
import { announce, Badge, Button, Confirm, PagedTable, PageHead, Time } from '../ui.js';
import { useId, usePages } from '../use.js';
import { ROLE_NAMES } from '../words.js';

export function People() {
  const { me } = useApp();
  const pages = usePages('api/users', {});
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const mayManage = useMay('owner');
  const isMe = user => user.id === me.data?.user?.id;
  const columns = [
    { name: 'E-mail', className: 'main', cell: user => html`<span
        class="strong">${user.email}</span> ${isMe(user) && html`<${Badge}>You</${Badge}>`}` },
    { name: 'Role', cell: user => mayManage ? html`<${RoleOf} user=${user} isMe=${isMe(user)} onChanged=${pages.reload} />`
      : ROLE_NAMES[user.role][0] },
    { name: 'Last login', cell: user => html`<${Time} at=${user.lastLoginAt} />` },
    { name: 'Added', cell: user => html`<${Time} at=${user.createdAt} />` },
    { name: 'Remove', hidden: true, className: 'end', cell: user => me.data && !isMe(user) && html`<${Button} needs="owner" kind="small"
      aria-label=${'Remove ' + user.email} onClick=${() => setLeaving(user)}>Remove</${Button}>` },
  ];
  return html`<${PageHead} title="Team"><${Button} needs="owner" kind="primary" icon="plus"
      onClick=${() => setAdding(true)}>Add team member</${Button}></${PageHead}>
    <p class="lead">A role decides what a team member may do. The audit log shows what they did. <a href="docs/team">About roles</a></p>
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
  const form = useForm({ email: '', password: '', role: 'member' }, async values => {
    await post('api/users', values);
    announce('Team member added', 'good');
    onAdded();
    onClose();
  }, values => ({ email: checkEmail(values.email), password: checkPassword(values.password) }));
  return html`<${FormDialog} form=${form} title="Add team member" action="Add team member" onClose=${onClose}>
    <${Field} form=${form} name="email" label="E-mail" type="email" live=${checkEmail} autofocus />
    <${Field} form=${form} name="password" label="First password" spellcheck=${false} class="mono" live=${checkPassword}
      hint=${PASSWORD_HINT + ' Send it to your colleague yourself; it can be changed under Settings.'} />
    <${RoleField} form=${form} />
  </${FormDialog}>`;
}

/** A choice of the role, with what the chosen one may do. */
export function RoleField({ form }) {
  return html`<${Field} form=${form} name="role" label="Role" as="select" hint=${ROLE_NAMES[form.values.role][1]}>
    ${ROLES.map(role => html`<option key=${role} value=${role} selected=${role === form.values.role}>${ROLE_NAMES[role][0]}</option>`)}
  </${Field}>`;
}

/** Changes the role of a team member; asks before users take a role of their own away. */
function RoleOf({ user, isMe, onChanged }) {
  const id = useId();
  const [next, setNext] = useState(null);
  const change = async role => {
    await patch('api/users/' + user.id, { role });
    announce(`${user.email} is now ${ROLE_NAMES[role][0].toLowerCase()}`, 'good');
    onChanged();
  };
  const choose = async event => {
    const role = event.target.value;
    event.target.value = user.role; // until it has changed
    if (isMe) {
      setNext(role);
      return;
    }
    try {
      await change(role);
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  return html`<label class="sr" for=${id}>Role of ${user.email}</label>
    <select id=${id} value=${user.role} onChange=${choose}>
      ${ROLES.map(role => html`<option key=${role} value=${role} selected=${role === user.role}>${ROLE_NAMES[role][0]}</option>`)}
    </select>
    ${next && html`<${Confirm} title="Give up your own role?" action="Change my role" onClose=${() => setNext(null)}
        run=${async () => {
        await change(next);
        location.reload();
      }}><p>You will be ${ROLE_NAMES[next][0].toLowerCase()}, and only another owner can change that.</p></${Confirm}>`}`;
}
