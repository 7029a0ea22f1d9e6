import { html, useEffect, useState } from '../app/preact.js';
import { createOnce, getAll, patch, post, remove, ROOT } from '../app/api.js';
import { ROLES, useApp, useMay } from '../app/context.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { atItsField, checkEmail, checkPassword, checkProof, NO_PROOF, PASSWORD_HINT } from '../app/passwords.js';
import { Proof, useTwoFactor } from './proof.js';
import { useLocation } from '../app/router.js';
import { announce, Badge, Button, Card, Confirm, Dialog, Notice, PagedTable, PageHead, Secret, Time, Url } from '../app/ui.js';
import { useId, usePages } from '../app/use.js';
import { ROLE_NAMES } from '../app/words.js';

export function People() {
  const { me } = useApp();
  const pages = usePages('api/users', {});
  const { member } = useLocation().query;
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const [resetting, setResetting] = useState(null);
  const [reset, setReset] = useState(null);
  const [unlocking, setUnlocking] = useState(null);
  const [inviting, setInviting] = useState(false);
  const [version, setVersion] = useState(0);
  const mayManage = useMay('owner');
  const shown = !!pages.rows?.some(({ id }) => id === member);
  useEffect(() => {
    if (shown) {
      document.querySelector('tr[aria-current]')?.scrollIntoView({ block: 'nearest' });
    }
  }, [shown, member]);
  const isMe = user => user.id === me.data?.user?.id;
  const columns = [
    { name: 'Team member', className: 'main', cell: user => html`<span
        class="strong"><${Url} of=${user.name ?? user.email} /></span> ${isMe(user) && html`<${Badge}>You</${Badge}>`}
      ${user.twoFactor && html`<${Badge} tone="good">Two-factor</${Badge}>`}
      ${user.name && html`<div class="faint clip">${user.email}</div>`}` },
    { name: 'Role', cell: user => mayManage ? html`<${RoleOf} user=${user} isMe=${isMe(user)} onChanged=${pages.reload} />`
      : ROLE_NAMES[user.role][0] },
    { name: 'Last login', cell: user => html`<${Time} at=${user.lastLoginAt} />` },
    { name: 'Added', cell: user => html`<${Time} at=${user.createdAt} />` },
    { name: 'Actions', hidden: true, className: 'end', cell: user => me.data && !isMe(user) && html`<span class="actions"><${Button}
      needs="owner" kind="small" aria-label=${'Reset password of ' + user.email}
      onClick=${() => setResetting(user)}>Reset password</${Button}>${user.twoFactor && html`<${Button} needs="owner"
      kind="small" aria-label=${'Turn off two-factor authentication of ' + user.email}
      onClick=${() => setUnlocking(user)}>Turn off two-factor</${Button}>`}<${Button} needs="owner" kind="small"
      aria-label=${'Remove ' + user.email} onClick=${() => setLeaving(user)}>Remove</${Button}></span>` },
  ];
  return html`<${PageHead} title="Team">
      <${Button} needs="owner" onClick=${() => setAdding(true)}>Add team member</${Button}>
      <${Button} needs="owner" kind="primary" icon="plus" onClick=${() => setInviting(true)}>Invite team member</${Button}>
    </${PageHead}>
    <p class="lead">A role decides what a team member may do. The audit log shows what they did. <a href="docs/team">About roles</a></p>
    <${PagedTable} label="Team" pages=${pages} columns=${columns} current=${member} />
    ${mayManage && (pages.rows || pages.error) && html`<${Invitations} version=${version} /><${PasswordResets} version=${version} />`}
    ${inviting && html`<${Invite} onClose=${() => setInviting(false)} onInvited=${() => setVersion(version + 1)} />`}
    ${resetting && html`<${WithPassword} title="Reset this password?" action="Create link" onClose=${() => setResetting(null)}
        run=${async values => {
        setReset(await post(`api/users/${resetting.id}/password-reset`, values));
        setVersion(version + 1);
      }}>
        <p>You get a link with which <strong>${resetting.email}</strong> sets a new password. Until then, the old password works.</p>
      </${WithPassword}>`}
    ${reset && html`<${LinkDialog} title="Password link created" path=${reset.path} onClose=${() => setReset(null)}>Send this link
      to ${reset.email}. It works once, within 24 hours.</${LinkDialog}>`}
    ${unlocking && html`<${WithPassword} title="Turn off two-factor authentication?" action="Turn off"
        onClose=${() => setUnlocking(null)} run=${async values => {
        await post(`api/users/${unlocking.id}/two-factor/disable`, values);
        announce('Two-factor authentication turned off', 'good');
        pages.reload();
      }}><p>For a team member who lost the authenticator app and the recovery codes. The password of
        ${' '}<strong>${unlocking.email}</strong> is then enough to log in.</p></${WithPassword}>`}
    ${adding && html`<${AddPerson} onClose=${() => setAdding(false)} onAdded=${pages.reload} />`}
    ${leaving && html`<${Confirm} title="Remove this team member?" action="Remove team member"
        onClose=${() => setLeaving(null)} run=${async () => {
        await remove('api/users/' + leaving.id);
        announce('Team member removed', 'good');
        pages.reload();
      }}><p><strong>${leaving.email}</strong> is logged out on all devices and can’t log in again.</p></${Confirm}>`}`;
}

/** Asks for the user's own password before a change of how another team member logs in. */
function WithPassword({ title, action, run, onClose, children }) {
  const twoFactor = useTwoFactor();
  const form = useForm(NO_PROOF, atItsField(async ({ currentPassword, code }) => {
    await run({ currentPassword, code: code || null });
    onClose();
  }), values => checkProof(values, twoFactor));
  return html`<${FormDialog} form=${form} title=${title} action=${action} onClose=${onClose}>
    ${children}
    <${Proof} form=${form} autofocus />
  </${FormDialog}>`;
}

/** The proof that the role of an owner needs, and no other. */
const proofFor = ({ role, currentPassword, code }) => role === 'owner' ? { currentPassword, code: code || null } : {};
const checkProofFor = (values, twoFactor) => values.role === 'owner' ? checkProof(values, twoFactor) : {};

function AddPerson({ onClose, onAdded }) {
  const twoFactor = useTwoFactor();
  const form = useForm({ email: '', password: '', role: 'member', ...NO_PROOF }, atItsField(async values => {
    const { email, password, role } = values;
    await createOnce('api/users', { email, password, role, ...proofFor(values) });
    announce('Team member added', 'good');
    onAdded();
    onClose();
  }), values => ({ email: checkEmail(values.email), password: checkPassword(values.password), ...checkProofFor(values, twoFactor) }));
  return html`<${FormDialog} form=${form} title="Add team member" action="Add team member" onClose=${onClose}>
    <${Field} form=${form} name="email" label="E-mail" type="email" live=${checkEmail} autofocus />
    <${Field} form=${form} name="password" label="First password" spellcheck=${false} class="mono" live=${checkPassword}
      hint=${PASSWORD_HINT + ' Keyhook does not send it. Give it to your colleague, who can change it under Settings.'} />
    <${RoleField} form=${form} />
    ${form.values.role === 'owner' && html`<${Proof} form=${form} />`}
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
  const [promoting, setPromoting] = useState(false);
  const change = async (role, proof = {}) => {
    const current = (await getAll('api/users')).find(({ id }) => id === user.id);
    if (current && current.role !== user.role) {
      onChanged();
      throw new Error(`Another owner has made ${user.email} ${ROLE_NAMES[current.role][0].toLowerCase()}. Choose again to change that.`);
    }
    await patch('api/users/' + user.id, { role, ...proof });
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
    if (role === 'owner') {
      setPromoting(true);
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
    ${promoting && html`<${WithPassword} title="Make this team member an owner?" action="Make owner" onClose=${() => setPromoting(false)}
        run=${proof => change('owner', proof)}><p><strong>${user.email}</strong> may then do everything, and remove you.</p></${WithPassword}>`}
    ${next && html`<${Confirm} title="Give up your own role?" action="Change my role" onClose=${() => setNext(null)}
        run=${async () => {
        await change(next);
        location.reload();
      }}><p>You will be ${ROLE_NAMES[next][0].toLowerCase()}, and only another owner can change that.</p></${Confirm}>`}`;
}

/** Invitations that nobody has accepted yet. @param version changes with each invitation */
function Invitations({ version }) {
  const pages = usePages('api/invitations', {}, { version, name: 'invitations' });
  const [revoking, setRevoking] = useState(null);
  const columns = [
    { name: 'E-mail', className: 'main', cell: ({ email }) => html`<span class="strong"><${Url} of=${email} /></span>` },
    { name: 'Role', cell: ({ role }) => ROLE_NAMES[role][0] },
    { name: 'Invited by', cell: ({ createdBy }) => html`<span class="clip">${createdBy}</span>` },
    { name: 'Expires', cell: ({ expiresAt }) => html`<${Time} at=${expiresAt} ahead />` },
    { name: 'Revoke', hidden: true, className: 'end', cell: invitation => html`<${Button} kind="small"
      aria-label=${'Revoke the invitation of ' + invitation.email} onClick=${() => setRevoking(invitation)}>Revoke</${Button}>` },
  ];
  return html`<${Card} title="Invitations"><${PagedTable} label="Invitations" pages=${pages} lines=${1} columns=${columns}
      empty=${html`<p class="faint">No open invitations.</p>`} /></${Card}>
    ${revoking && html`<${Confirm} title="Revoke this invitation?" action="Revoke invitation" onClose=${() => setRevoking(null)}
        run=${async () => {
        await remove('api/invitations/' + revoking.id);
        announce('Invitation revoked', 'good');
        pages.reload();
      }}><p>The link that you sent to <strong>${revoking.email}</strong> stops working.</p></${Confirm}>`}`;
}

/** Links to set a password that nobody has used yet. @param version changes with each link */
function PasswordResets({ version }) {
  const pages = usePages('api/password-resets', {}, { version, name: 'password-resets' });
  const [revoking, setRevoking] = useState(null);
  const columns = [
    { name: 'Team member', className: 'main', cell: ({ email }) => html`<span class="strong"><${Url} of=${email} /></span>` },
    { name: 'Created by', cell: ({ createdBy }) => html`<span class="clip">${createdBy}</span>` },
    { name: 'Created', cell: ({ createdAt }) => html`<${Time} at=${createdAt} />` },
    { name: 'Expires', cell: ({ expiresAt }) => html`<${Time} at=${expiresAt} ahead />` },
    { name: 'Revoke', hidden: true, className: 'end', cell: reset => html`<${Button} kind="small"
      aria-label=${'Revoke the password link of ' + reset.email} onClick=${() => setRevoking(reset)}>Revoke</${Button}>` },
  ];
  return html`<${Card} title="Password links"><${PagedTable} label="Password links" pages=${pages} lines=${1} columns=${columns}
      empty=${html`<p class="faint">No open password links.</p>`} /></${Card}>
    ${revoking && html`<${Confirm} title="Revoke this password link?" action="Revoke link" onClose=${() => setRevoking(null)}
        run=${async () => {
        await remove('api/password-resets/' + revoking.id);
        announce('Password link revoked', 'good');
        pages.reload();
      }}><p>The link for <strong>${revoking.email}</strong> stops working. The password stays as it is.</p></${Confirm}>`}`;
}

function Invite({ onClose, onInvited }) {
  const [made, setMade] = useState(null);
  const twoFactor = useTwoFactor();
  const form = useForm({ email: '', role: 'member', ...NO_PROOF }, atItsField(async values => {
    const { email, role } = values;
    setMade(await createOnce('api/invitations', { email, role, ...proofFor(values) }));
    onInvited();
  }), values => ({ email: checkEmail(values.email), ...checkProofFor(values, twoFactor) }));
  if (made) {
    return html`<${LinkDialog} title="Invitation created" path=${made.path} onClose=${onClose}>Send this link to ${made.email}. It
      works once, within 7 days.</${LinkDialog}>`;
  }
  return html`<${FormDialog} form=${form} title="Invite team member" action="Create invitation" onClose=${onClose}>
    <${Field} form=${form} name="email" label="E-mail" type="email" live=${checkEmail} autofocus />
    <${RoleField} form=${form} />
    ${form.values.role === 'owner' && html`<${Proof} form=${form} />`}
  </${FormDialog}>`;
}

/** Shows a link that the server shows only once. */
function LinkDialog({ title, path, onClose, children }) {
  return html`<${Dialog} title=${title} firm onClose=${onClose}>
    <div class="dialog-body"><${Notice} tone="warn" title="Copy the link now">Keyhook shows it only once.</${Notice}>
      <p>${children}</p><${Secret} text=${new URL(path.slice(1), ROOT).href} what="link" /></div>
    <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I’ve copied the link</${Button}></footer>
  </${Dialog}>`;
}
