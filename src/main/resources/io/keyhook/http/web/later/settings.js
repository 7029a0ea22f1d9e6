import { html, useState } from '../app/preact.js';
import { post, remove } from '../app/api.js';
import { useApp } from '../app/context.js';
import { Field, Form, FormDialog, FormError, useForm } from '../app/form.js';
import { date, duration } from '../app/format.js';
import { atItsField, checkPassword, PASSWORD_HINT } from '../app/passwords.js';
import { remember } from '../app/storage.js';
import { announce, Badge, Button, Card, Code, Confirm, Dialog, Facts, Loaded, Notice, PagedTable, PageHead, Segments, Time } from '../app/ui.js';
import { usePages } from '../app/use.js';
import { deviceName, ROLE_NAMES } from '../app/words.js';
import { AlertsCard } from './alerts.js';
import { PasskeysCard } from './passkeys.js';
import { SigningKeysCard } from './signing-keys.js';

const THEMES = [['system', 'System'], ['light', 'Light'], ['dark', 'Dark']];
const STORED = 'keyhook-theme';

export function SettingsPage() {
  const { me } = useApp();
  // all at once, so that no card pushes another one away
  return html`<${PageHead} title="Settings" /><${Loaded} of=${me} lines=${24}>${({ user, accountName, accountId, role }) => html`
    <${Card} title="Profile"><${Facts} of=${[
      ['E-mail', user?.email],
      ['Role', ROLE_NAMES[role][0]],
      ['Account', accountName],
      ['Account ID', html`<code>${accountId}</code>`],
      user && ['Member since', date(user.createdAt)],
    ]} /></${Card}>
    <${Card} title="Appearance"><${Theme} /></${Card}>
    <${Card} title="Password"><${Password} email=${user?.email ?? ''} /></${Card}>
    ${user && html`<${TwoFactor} me=${me} /><${PasskeysCard} /><${AlertsCard} />`}
    <${SigningKeysCard} accountId=${accountId} />
    <${Sessions} />
    <${Server} />`}</${Loaded}>`;
}

function Server() {
  const { settings } = useApp();
  return html`<${Card} title="Server"><${Loaded} of=${settings} lines=${4}>${({ version, timeout, retryDelays,
      allowInsecureTargets }) => html`<${Facts} of=${[
    ['Version', version],
    ['Request timeout', duration(timeout)],
    ['Retries after', retryDelays.map(duration).join(', ')],
    ['Allowed destinations', allowInsecureTargets ? 'Any URL (development mode)' : 'https and public addresses'],
  ]} />`}</${Loaded}></${Card}>`;
}

function Theme() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? 'system');
  const choose = theme => {
    setTheme(theme);
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }
    remember(STORED, theme === 'system' ? null : theme);
  };
  return html`<${Segments} label="Theme" options=${THEMES} value=${theme} onChange=${choose} />`;
}

const EMPTY = { currentPassword: '', newPassword: '' };

function Password({ email }) {
  const form = useForm(EMPTY, async values => {
    try {
      await post('api/auth/password', values);
    } catch (e) {
      if (e.code === 'WRONG_PASSWORD') {
        e.fields = { currentPassword: 'Wrong password' };
      }
      throw e;
    }
    form.set('currentPassword', '');
    form.set('newPassword', '');
    announce('Password changed. You are logged out on all other devices and in programs.', 'good');
  }, values => ({
    currentPassword: values.currentPassword ? '' : 'Enter your current password',
    newPassword: checkPassword(values.newPassword),
  }));
  return html`<${Form} form=${form} class="narrow">
    <${FormError} form=${form} />
    <span class="sr" aria-hidden="true"><input type="text" autocomplete="username" value=${email} readonly
        tabindex="-1" /></span>
    <${Field} form=${form} name="currentPassword" label="Current password" type="password"
        autocomplete="current-password" />
    <${Field} form=${form} name="newPassword" label="New password" type="password" autocomplete="new-password"
        hint=${PASSWORD_HINT}
      live=${checkPassword} />
    <${Button} type="submit" kind="primary" busy=${form.busy}>Change password</${Button}>
  </${Form}>`;
}

/** Where the user is logged in. */
function Sessions() {
  const pages = usePages('api/auth/sessions', {}, { name: 'sessions' });
  const [ending, setEnding] = useState(null);
  const end = async (path, run) => {
    await run(path);
    announce(path.endsWith('end-others') ? 'All other sessions ended' : 'Session ended', 'good');
    pages.reload();
  };
  const columns = [
    { name: 'Device', className: 'main', cell: ({ userAgent, current }) => html`<span class="strong" title=${userAgent
        ?? undefined}>${deviceName(userAgent)}</span> ${current && html`<${Badge}>This session</${Badge}>`}` },
    { name: 'Address', cell: ({ ipAddress }) => html`<span class="mono">${ipAddress ?? '–'}</span>` },
    { name: 'Logged in', cell: ({ createdAt }) => html`<${Time} at=${createdAt} />` },
    { name: 'Last used', cell: ({ lastUsedAt }) => html`<${Time} at=${lastUsedAt} />` },
    { name: 'End', hidden: true, className: 'end', cell: session => !session.current && html`<${Button} kind="small"
      aria-label=${'End session on ' + deviceName(session.userAgent)} onClick=${() => setEnding(session)}>End</${Button}>` },
  ];
  return html`<${Card} title="Sessions" action=${pages.rows?.length > 1 && html`<${Button} kind="small"
      onClick=${() => setEnding('others')}>End all others</${Button}>`}>
    <${PagedTable} label="Sessions" pages=${pages} columns=${columns} empty=${html`<p class="faint">No sessions.</p>`} /></${Card}>
    ${ending && html`<${Confirm} title=${ending === 'others' ? 'End all other sessions?' : 'End this session?'}
        action=${ending === 'others' ? 'End sessions' : 'End session'} onClose=${() => setEnding(null)}
        run=${() => ending === 'others' ? end('api/auth/sessions/end-others', post) : end('api/auth/sessions/' + ending.id, remove)}>
      <p>You are logged out there immediately.</p></${Confirm}>`}`;
}

/** Turns two-factor authentication on and off. */
function TwoFactor({ me }) {
  const isOn = me.data.user.twoFactor;
  const [dialog, setDialog] = useState(null);
  const [setup, setSetup] = useState(null);
  const [codes, setCodes] = useState(null);
  const close = () => setDialog(null);
  const done = () => {
    setCodes(null);
    me.reload();
  };
  return html`<${Card} title="Two-factor authentication" action=${html`<${Badge} tone=${isOn ? 'good' : 'quiet'}>${isOn ? 'On'
      : 'Off'}</${Badge}>`}>
    <p>${isOn ? 'Each login needs a code from your authenticator app, or a recovery code.'
      : 'Protect your login with a code from an authenticator app in addition to your password. Turning it on logs you out on all other devices, and in programs that logged in as you.'}</p>
    <p><${Button} onClick=${() => setDialog(isOn ? 'off' : 'on')}>${isOn ? 'Turn off' : 'Turn on'}</${Button}></p>
    ${dialog === 'on' && !setup && html`<${Begin} onClose=${close} onBegun=${setSetup} />`}
    ${setup && html`<${Enable} setup=${setup} onClose=${() => {
      setSetup(null);
      close();
    }} onEnabled=${recoveryCodes => {
      setSetup(null);
      close();
      setCodes(recoveryCodes);
    }} />`}
    ${codes && html`<${Dialog} title="Two-factor authentication is on" firm onClose=${done}>
      <div class="dialog-body"><${Notice} tone="warn" title="Keep these recovery codes">Each of them replaces one code of your app,
          in case you lose it. Keyhook shows them only once.</${Notice}>
        <${Code} label="recovery codes" text=${codes.join('\n')} /></div>
      <footer class="dialog-foot"><${Button} kind="primary" onClick=${done}>I’ve kept the codes</${Button}></footer></${Dialog}>`}
    ${dialog === 'off' && html`<${Disable} onClose=${close} onDisabled=${() => {
      close();
      me.reload();
      announce('Two-factor authentication turned off', 'good');
    }} />`}</${Card}>`;
}

function Begin({ onClose, onBegun }) {
  const form = useForm({ currentPassword: '' }, atItsField(async values => onBegun(await post('api/auth/two-factor', values))),
    values => ({ currentPassword: values.currentPassword ? '' : 'Enter your current password' }));
  return html`<${FormDialog} form=${form} title="Turn on two-factor authentication" action="Continue" onClose=${onClose}>
    <${Field} form=${form} name="currentPassword" label="Your password" type="password" autocomplete="current-password" autofocus />
  </${FormDialog}>`;
}

/** Black on white in any theme: many readers do not know the reverse. The key beside it says the same. */
function QrCode({ size, path }) {
  return html`<svg class="qr" role="img" aria-label="QR code of the key below" viewBox=${`0 0 ${size} ${size}`}
      shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff" /><path d=${path} fill="#000" /></svg>`;
}

function Enable({ setup, onClose, onEnabled }) {
  const form = useForm({ code: '' }, atItsField(async values =>
    onEnabled((await post('api/auth/two-factor/enable', values)).recoveryCodes)),
  values => ({ code: values.code ? '' : 'Enter the code' }));
  return html`<${FormDialog} form=${form} title="Add Keyhook to your authenticator app" action="Turn on" onClose=${onClose}>
    ${setup.qr && html`<p>Scan this code with your authenticator app:</p><${QrCode} ...${setup.qr} />`}
    <p>${setup.qr ? 'If the app is on this device' : 'On this device'}, <a href=${setup.uri}>open your authenticator app</a>.
      ${' '}Or enter this key in the app:</p>
    <${Code} label="key" text=${setup.secret.match(/.{4}/g).join(' ')} />
    <${Field} form=${form} name="code" label="Code" autocomplete="one-time-code" inputmode="numeric" maxlength="30" autofocus
      hint="The six digits that the app shows for Keyhook." />
  </${FormDialog}>`;
}

function Disable({ onClose, onDisabled }) {
  const form = useForm({ currentPassword: '', code: '' }, atItsField(async values => {
    await post('api/auth/two-factor/disable', values);
    onDisabled();
  }), values => ({
    currentPassword: values.currentPassword ? '' : 'Enter your current password',
    code: values.code ? '' : 'Enter the code',
  }));
  return html`<${FormDialog} form=${form} title="Turn off two-factor authentication" action="Turn off" onClose=${onClose}>
    <${Field} form=${form} name="currentPassword" label="Your password" type="password" autocomplete="current-password" autofocus />
    <${Field} form=${form} name="code" label="Code" autocomplete="one-time-code" maxlength="30"
      hint="From your authenticator app, or a recovery code." />
  </${FormDialog}>`;
}
