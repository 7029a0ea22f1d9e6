import { html, useState } from '../preact.js';
import { post, remove } from '../api.js';
import { useApp } from '../context.js';
import { Field, Form, FormError, useForm } from '../form.js';
import { date, duration } from '../format.js';
import { checkPassword, PASSWORD_HINT } from '../passwords.js';
import { remember } from '../storage.js';
import { announce, Badge, Button, Card, Confirm, Facts, Loaded, PagedTable, PageHead, Segments, Time } from '../ui.js';
import { usePages } from '../use.js';
import { deviceName, ROLE_NAMES } from '../words.js';

const THEMES = [['system', 'System'], ['light', 'Light'], ['dark', 'Dark']];
const STORED = 'keyhook-theme';

export function SettingsPage() {
  const { me, settings } = useApp();
  return html`<${PageHead} title="Settings" />
    <${Card} title="Profile"><${Loaded} of=${me} lines=${3}>${({ user, accountName, accountId, role }) => html`<${Facts} of=${[
      ['E-mail', user?.email],
      ['Role', ROLE_NAMES[role][0]],
      ['Account', accountName],
      ['Account ID', html`<code>${accountId}</code>`],
      user && ['Member since', date(user.createdAt)],
    ]} />`}</${Loaded}></${Card}>
    <${Card} title="Appearance"><${Theme} /></${Card}>
    <${Card} title="Password"><${Password} email=${me.data?.user?.email ?? ''} /></${Card}>
    <${Sessions} />
    <${Card} title="Server"><${Loaded} of=${settings} lines=${4}>${({ version, timeout, retryDelays,
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
    announce('Password changed. You are logged out on all other devices.', 'good');
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
