import { html } from '../app/preact.js';
import { Field, Form, FormError, useForm } from '../app/form.js';
import { Logo } from '../app/icons.js';
import { checkEmail, checkPassword, PASSWORD_HINT } from '../app/passwords.js';
import { Button, useTitle } from '../app/ui.js';
import { createUser } from './links.js';

export function SignUp() {
  useTitle('Sign up');
  const form = useForm({ name: '', email: '', password: '' }, async values => {
    await createUser('api/auth/signup', values, 409);
  }, values => ({
    name: values.name.trim() ? '' : 'Enter a name for the account',
    email: checkEmail(values.email),
    password: checkPassword(values.password),
  }));
  return html`<main class="door"><div class="door-card">
    <${Logo} />
    <h1>Sign up</h1>
    <${Form} form=${form}>
      <${FormError} form=${form} />
      <${Field} form=${form} name="name" label="Account name" hint="Your company or product"
          autocomplete="organization" autofocus />
      <${Field} form=${form} name="email" label="E-mail" type="email" autocomplete="username" live=${checkEmail} />
      <${Field} form=${form} name="password" label="Password" type="password" hint=${PASSWORD_HINT}
        autocomplete="new-password" live=${checkPassword} />
      <${Button} type="submit" kind="primary wide" busy=${form.busy}>Create account</${Button}>
    </${Form}>
    <p class="door-foot">You start on the free plan. Already have an account? <a href="#/">Log in</a></p>
  </div></main>`;
}
