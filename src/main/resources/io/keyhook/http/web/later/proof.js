// What users enter before a call for which a stolen token must not be enough.
import { html } from '../app/preact.js';
import { useApp } from '../app/context.js';
import { Field } from '../app/form.js';

/** Whether the user's logins need a code, and so does their proof. */
export const useTwoFactor = () => useApp().me.data?.user?.twoFactor === true;

/** The fields of the user's password, and of a code if one is needed. The form has the values of NO_PROOF. */
export function Proof({ form, autofocus = false }) {
  const twoFactor = useTwoFactor();
  return html`<${Field} form=${form} name="currentPassword" label="Your password" type="password" autocomplete="current-password"
      autofocus=${autofocus} />
    ${(twoFactor || form.fields.code) && html`<${Field} form=${form} name="code" label="Code" autocomplete="one-time-code" maxlength="30"
      hint="From your authenticator app, or a recovery code." />`}`;
}
