import { html, useState } from '../app/preact.js';
import { download, get, post, remove, ROOT } from '../app/api.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { dateTime, planName } from '../app/format.js';
import { AuditTable } from '../app/pages/audit.js';
import { checkEmail } from '../app/passwords.js';
import { backTo, go } from '../app/router.js';
import { announce, Button, Card, Confirm, Dialog, Facts, IdText, Loaded, Notice, PageHead, Secret, Time } from '../app/ui.js';
import { useId, useLoad } from '../app/use.js';
import { AccountState } from './accounts.js';

export function AccountPage({ id }) {
  const account = useLoad(signal => get('api/admin/accounts/' + id, {}, signal), [id]);
  return html`<${Loaded} of=${account} head=${html`<${PageHead} title="Account" back=${backTo('/', 'Accounts')} />`}>${found =>
    html`<${Account} account=${found} reload=${account.reload} />`}</${Loaded}>`;
}

function Account({ account, reload }) {
  const path = 'api/admin/accounts/' + account.id;
  const [open, setOpen] = useState(null);
  const [exporting, setExporting] = useState(false);
  const [version, setVersion] = useState(0);
  const close = () => setOpen(null);
  const changed = () => {
    reload();
    setVersion(version => version + 1);
  };
  const save = async () => {
    setExporting(true);
    try {
      await download(path + '/export', account.id + '.zip');
    } catch (e) {
      announce(e.message, 'bad');
    } finally {
      setExporting(false);
    }
  };
  const isSuspended = !!account.suspendedAt;
  return html`<${PageHead} title=${account.name} back=${backTo('/', 'Accounts')} badge=${html`<${AccountState} account=${account} />`}>
      <${Button} onClick=${() => setOpen('reset')}>Create password link</${Button}>
      <${Button} icon="download" busy=${exporting} onClick=${save}>Export</${Button}>
      <${Button} onClick=${() => setOpen('suspend')}>${isSuspended ? 'Resume' : 'Suspend'}</${Button}>
      <${Button} kind="danger-quiet" icon="trash" onClick=${() => setOpen('erase')}>Erase</${Button}>
    </${PageHead}>
    <${Card}><${Facts} of=${[
      ['ID', html`<${IdText} of=${account.id} />`],
      ['First owner', account.email],
      ['Plan', planName(account.plan)],
      ['Created', dateTime(account.createdAt)],
      isSuspended && ['Suspended', html`<${Time} at=${account.suspendedAt} />`],
      account.suspensionReason && [isSuspended ? 'Reason' : 'Reason of the last change', account.suspensionReason],
    ]} /></${Card}>
    <${Card} title="Audit log"><${AuditTable} path=${path + '/audit'} query=${{}} withSubject links=${false} version=${version} /></${Card}>
    ${open === 'suspend' && html`<${Suspend} account=${account} path=${path} onClose=${close} onDone=${changed} />`}
    ${open === 'reset' && html`<${ResetPassword} account=${account} path=${path} onClose=${close} onDone=${changed} />`}
    ${open === 'erase' && html`<${Erase} account=${account} path=${path} onClose=${close} />`}`;
}

function Suspend({ account, path, onClose, onDone }) {
  const resumes = !!account.suspendedAt;
  const form = useForm({ reason: '' }, async values => {
    await post(path + (resumes ? '/resume' : '/suspend'), values);
    announce(resumes ? 'Account resumed' : 'Account suspended', 'good');
    onDone();
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${resumes ? 'Resume this account?' : 'Suspend this account?'}
      action=${resumes ? 'Resume account' : 'Suspend account'} onClose=${onClose}>
    <p>${resumes ? html`Validations, logins and API calls of <strong>${account.name}</strong> work again at once. Events that occurred
      during the suspension are not sent later.`
      : html`Validations, logins and API calls of <strong>${account.name}</strong> are refused at once, on every node, and pending
      deliveries are canceled.`}</p>
    <${Field} form=${form} name="reason" label="Reason" optional as="textarea" rows="3" maxlength="500" autofocus
      hint="Only administrators see it." />
  </${FormDialog}>`;
}

function ResetPassword({ account, path, onClose, onDone }) {
  const [made, setMade] = useState(null);
  const form = useForm({ email: account.email ?? '' }, async values => {
    setMade(await post(path + '/password-reset', values));
    onDone();
  }, values => ({ email: checkEmail(values.email) }));
  if (made) {
    return html`<${Dialog} title="Password link created" firm onClose=${onClose}>
      <div class="dialog-body"><${Notice} tone="warn" title="Copy the link now">Keyhook shows it only once.</${Notice}>
        <p>Send this link to ${made.email}. It works once, within 24 hours. If this page has another address than the dashboard, put
          the dashboard’s address in front of <code>#</code>.</p>
        <${Secret} text=${new URL(made.path.slice(1), ROOT).href} what="link" /></div>
      <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I’ve copied the link</${Button}></footer>
    </${Dialog}>`;
  }
  return html`<${FormDialog} form=${form} title="Create a password link" action="Create link" onClose=${onClose}>
    <p>With the link, a team member sets a new password. Until then, the old password works.</p>
    <${Field} form=${form} name="email" label="E-mail of the team member" type="email" live=${checkEmail} autofocus />
  </${FormDialog}>`;
}

function Erase({ account, path, onClose }) {
  const id = useId();
  const [typed, setTyped] = useState('');
  if (!account.suspendedAt) {
    return html`<${Dialog} title="Suspend the account first" onClose=${onClose}>
      <div class="dialog-body"><p>Only a suspended account can be erased. Suspend <strong>${account.name}</strong>, and export it if
        its data is needed later.</p></div>
      <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>Close</${Button}></footer>
    </${Dialog}>`;
  }
  return html`<${Confirm} title="Erase this account?" action="Erase account" disabled=${typed.trim() !== account.id} onClose=${onClose}
      run=${async () => {
      await remove(path);
      announce('The account is being erased', 'good');
      go('/');
    }}>
    <p>This deletes the licenses, webhooks, deliveries and team of <strong>${account.name}</strong>, and cannot be undone. The audit
      log stays, without names and addresses.</p>
    <div class="field"><label for=${id}>Type <code>${account.id}</code> to confirm</label>
      <div class="input-row"><input id=${id} class="mono" autocomplete="off" spellcheck=${false} value=${typed}
        onInput=${event => setTyped(event.target.value)} /></div></div>
  </${Confirm}>`;
}
