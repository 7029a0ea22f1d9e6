import { html, useState } from '../preact.js';
import { logIn } from '../api.js';
import { Field, Form, FormError, useForm } from '../form.js';
import { Logo } from '../icons.js';
import { Button, useTitle } from '../ui.js';

export function LogIn({ settings }) {
  useTitle('Log in');
  return html`<main class="door"><div class="door-card">
    <${Logo} />
    <h1>Log in to Keyhook</h1>
    <${LogInForm} email="" />
    <p class="door-foot">${settings?.passwordResetByMail ? html`<a href="#/forgot-password">Forgot your password?</a>`
      : 'Forgot your password? Ask an owner of your account or your administrator for a password link.'}</p>
    <p class="door-foot">${settings?.signupEnabled && html`<span>New here? <a href="#/signup">Sign up</a> · </span>`}
      <a href="docs/">Read the guide</a></p>
  </div></main>`;
}

/** The login form, also used when a session has expired. */
export function LogInForm({ email }) {
  const [needsCode, setNeedsCode] = useState(false);
  const form = useForm({ email, password: '', code: '' }, async ({ email, password, code }) => {
    try {
      await logIn(email, password, code || null);
    } catch (e) {
      if (e.code === 'CODE_REQUIRED' && !needsCode) {
        setNeedsCode(true);
        return;
      }
      if (e.code === 'WRONG_CODE' || e.code === 'CODE_REQUIRED') {
        e.fields = { code: e.message };
      }
      throw e;
    }
  }, values => ({
    email: values.email ? '' : 'Enter your e-mail address',
    password: values.password ? '' : 'Enter your password',
    code: !needsCode || values.code ? '' : 'Enter the code',
  }));
  const passkey = useForm({}, async () => (await import('../../later/passkeys.js')).logInWithPasskey());
  return html`<${Form} form=${form}>
    <${FormError} form=${form} />
    <${Field} form=${form} name="email" label="E-mail" type="email" autocomplete="username" autofocus=${!email} />
    <${Field} form=${form} name="password" label="Password" type="password" autocomplete="current-password"
        autofocus=${!!email} />
    ${needsCode && html`<${Field} form=${form} name="code" label="Code" autocomplete="one-time-code" maxlength="30" autofocus
        hint="From your authenticator app, or a recovery code." />`}
    <${Button} type="submit" kind="primary wide" busy=${form.busy}>Log in</${Button}>
  </${Form}>
  ${window.PublicKeyCredential && html`<${Form} form=${passkey}><${FormError} form=${passkey} />
    <${Button} type="submit" kind="wide" busy=${passkey.busy}>Log in with a passkey</${Button}></${Form}>`}`;
}
