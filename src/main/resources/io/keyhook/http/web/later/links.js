// The pages of links that are good for one use, and of the mail with such a link, for people who are not logged in.
import { html, useState } from '../app/preact.js';
import { logIn, postPublic } from '../app/api.js';
import { Field, Form, FormError, useForm } from '../app/form.js';
import { Logo } from '../app/icons.js';
import { duration } from '../app/format.js';
import { checkEmail, checkPassword, PASSWORD_HINT } from '../app/passwords.js';
import { go } from '../app/router.js';
import { announce, Button, ButtonLink, Empty, Loaded, Notice, useTitle } from '../app/ui.js';
import { useLoad } from '../app/use.js';
import { ROLE_NAMES } from '../app/words.js';

function Door({ title, children }) {
  useTitle(title);
  return html`<main class="door"><div class="door-card"><${Logo} /><h1>${title}</h1>${children}</div></main>`;
}

function Over() {
  return html`<${Empty} icon="alert" title="This link no longer works"
      action=${html`<${ButtonLink} href="#/">Go to login</${ButtonLink}>`}>It was used or revoked, or has expired. Ask for a new one.</${Empty}>`;
}

/**
 * Creates a user and logs them in. If the response to an earlier request was lost, the user may exist already: Keyhook refuses to
 * create them, and the login succeeds.
 *
 * @param refusal the status of the response if they exist
 */
export async function createUser(path, request, refusal, email = request.email) {
  const refused = await postPublic(path, request).then(() => null, e => {
    if (e.status !== refusal) {
      throw e;
    }
    return e;
  });
  try {
    await logIn(email, request.password);
  } catch (e) {
    if (refused) {
      throw refused;
    }
    announce('Your password is set, but the login failed: ' + e.message, 'bad');
  }
  go('/');
}

/** Lets an invited colleague choose a name and a password, and logs them in. */
export function AcceptInvitation({ token }) {
  const invited = useLoad(() => postPublic('api/auth/invitation', { token }), [token]);
  return html`<${Door} title="Join Keyhook">${invited.error?.status === 404 ? html`<${Over} />`
    : html`<${Loaded} of=${invited} lines=${3}>${invitation => html`<${Accept} token=${token} ...${invitation} />`}</${Loaded}>`}</${Door}>`;
}

function Accept({ token, accountName, email, role }) {
  const form = useForm({ name: '', password: '' }, async values => {
    await createUser('api/auth/invitation/accept', { token, ...values }, 404, email);
  }, values => ({ name: values.name.trim() ? '' : 'Enter your name', password: checkPassword(values.password) }));
  return html`<p>You are invited to the account <strong>${accountName}</strong> as ${ROLE_NAMES[role][0].toLowerCase()}. You will log
      in as <strong>${email}</strong>.</p>
    <${Form} form=${form}>
      <${FormError} form=${form} />
      <span class="sr" aria-hidden="true"><input type="text" autocomplete="username" value=${email} readonly tabindex="-1" /></span>
      <${Field} form=${form} name="name" label="Your name" autocomplete="name" maxlength="100" autofocus />
      <${Field} form=${form} name="password" label="Password" type="password" hint=${PASSWORD_HINT}
        autocomplete="new-password" live=${checkPassword} />
      <${Button} type="submit" kind="primary wide" busy=${form.busy}>Join</${Button}>
    </${Form}>`;
}

/** Requests a link to set a new password by mail. Says the same whether there is such a user or not, as the server does. */
export function ForgotPassword() {
  const [sent, setSent] = useState(null);
  const form = useForm({ email: '' }, async values => {
    const { lifetime } = await postPublic('api/auth/password-reset', values);
    setSent({ ...values, lifetime });
  }, values => ({ email: checkEmail(values.email) }));
  return html`<${Door} title=${sent ? 'Check your mail' : 'Forgot your password?'}>${sent
    ? html`<${Notice} tone="good" role="status">If <strong>${sent.email.trim()}</strong> is the address of a team member, a link to set
        a new password is on its way. It works once, within ${duration(sent.lifetime)}.</${Notice}>
      <p>No mail? Look in your spam folder and check the address. An owner of your account or your administrator can also create a
        password link for you.</p>
      <${Button} kind="wide" onClick=${() => setSent(null)}>Try another address</${Button}>`
    : html`<p>Enter your e-mail address, and Keyhook mails you a link to set a new password.</p>
      <${Form} form=${form}>
        <${FormError} form=${form} />
        <${Field} form=${form} name="email" label="E-mail" type="email" autocomplete="username" live=${checkEmail} autofocus />
        <${Button} type="submit" kind="primary wide" busy=${form.busy}>Send link</${Button}>
      </${Form}>`}
    <p class="door-foot"><a href="#/">Back to login</a></p></${Door}>`;
}

/** Sets a new password by the link that was mailed, or that an owner or the administrator sent. */
export function NewPassword({ token }) {
  const form = useForm({ newPassword: '' }, async values => {
    await postPublic('api/auth/new-password', { token, ...values });
    announce('Password set. Log in with it.', 'good');
    go('/');
  }, values => ({ newPassword: checkPassword(values.newPassword) }));
  return html`<${Door} title="Set a new password">${form.error?.status === 404 ? html`<${Over} />` : html`<${Form} form=${form}>
    <${FormError} form=${form} />
    <${Field} form=${form} name="newPassword" label="New password" type="password" hint=${PASSWORD_HINT}
      autocomplete="new-password" live=${checkPassword} autofocus />
    <${Button} type="submit" kind="primary wide" busy=${form.busy}>Set password</${Button}>
  </${Form}>`}</${Door}>`;
}
