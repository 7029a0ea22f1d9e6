import { html, useState } from '../preact.js';
import { post } from '../api.js';
import { useApp } from '../context.js';
import { Field, Form, FormError, useForm } from '../form.js';
import { date, duration } from '../format.js';
import { checkPassword, PASSWORD_HINT } from '../passwords.js';
import { announce, Button, Card, Facts, PageHead, Segments, Skeleton } from '../ui.js';

const THEMES = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']];
const STORED = 'keyhook-theme';

export function SettingsPage() {
  const { me, settings } = useApp();
  return html`<${PageHead} title="Settings" />
    <${Card} title="Profile">${me ? html`<${Facts} of=${[
      ['E-mail', me.user?.email],
      ['Account', me.accountName],
      ['Account id', html`<code>${me.accountId}</code>`],
      me.user && ['Member since', date(me.user.createdAt)],
    ]} />` : html`<${Skeleton} lines=${3} />`}</${Card}>
    <${Card} title="Appearance"><${Theme} /></${Card}>
    <${Card} title="Password"><${Password} email=${me?.user?.email ?? ''} /></${Card}>
    ${settings && html`<${Card} title="This Keyhook"><${Facts} of=${[
      ['Version', settings.version],
      ['An attempt may take', duration(settings.timeout)],
      ['Retries after', settings.retryDelays.map(duration).join(', ')],
      ['Where webhooks may go', settings.allowInsecureTargets ? 'Anywhere, for development' : 'https, to public addresses'],
    ]} /></${Card}>`}`;
}

function Theme() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? 'system');
  const choose = theme => {
    setTheme(theme);
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(STORED);
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem(STORED, theme);
    }
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
        e.fields = { currentPassword: 'This is not your password' };
      }
      throw e;
    }
    form.set('currentPassword', '');
    form.set('newPassword', '');
    announce('Password changed. Other places where you were logged in are logged out.', 'good');
  }, values => ({
    currentPassword: values.currentPassword ? '' : 'Enter your password',
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
