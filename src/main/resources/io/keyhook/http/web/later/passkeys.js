// Passkeys: to log in with one, and to create and delete them.
import { html, useState } from '../app/preact.js';
import { enter, get, patch, post, postPublic } from '../app/api.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { atItsField, checkProof, NO_PROOF } from '../app/passwords.js';
import { announce, Button, ButtonLink, Card, Loaded, Table, Time } from '../app/ui.js';
import { useLoad } from '../app/use.js';
import { deviceName } from '../app/words.js';
import { Proof, useTwoFactor } from './proof.js';

/** Not without TLS, but for localhost. */
const supported = Boolean(window.PublicKeyCredential);
/** Milliseconds to choose a passkey: less than the 5 minutes for which a challenge works. */
const TIMEOUT = 240_000;
/** EdDSA, ES256 and RS256, by their numbers in COSE. */
const ALGORITHMS = [-8, -7, -257];

const NAME_HINT = 'A name that helps you recognize this passkey. Your device keeps its own name for it.';

const NOT_ALLOWED = {
  get: 'No passkey was used. You canceled, it took too long, or this device has no passkey for Keyhook.',
  create: 'No passkey was created. You canceled, it took too long, or this device cannot keep one.',
};
const ERRORS = {
  InvalidStateError: 'This device already has a passkey for your login.',
  SecurityError: 'Passkeys work only at the host name of the dashboard, over HTTPS. Check the address of this page.',
};

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Asks the browser for a passkey, and says in words why it returns none. */
async function ask(method, publicKey) {
  try {
    return await navigator.credentials[method]({ publicKey: { ...publicKey, timeout: TIMEOUT } });
  } catch (e) {
    throw new Error(e.name === 'NotAllowedError' ? NOT_ALLOWED[method] : ERRORS[e.name] ?? e.message);
  }
}

/** Logs in. The user chooses a passkey, which knows whose it is. */
export async function logInWithPasskey() {
  const { challenge, rpId } = await postPublic('api/auth/session/passkey/begin', {});
  const { rawId, response } = await ask('get', { challenge: bytes(challenge), rpId, userVerification: 'required' });
  await enter('api/auth/session/passkey', {
    credentialId: text(rawId), userHandle: text(response.userHandle), authenticatorData: text(response.authenticatorData),
    clientData: text(response.clientDataJSON), signature: text(response.signature),
  });
}

async function create(name, { challenge, rpId, userHandle, userName, excludeCredentials }) {
  const { response } = await ask('create', {
    challenge: bytes(challenge),
    rp: { id: rpId, name: 'Keyhook' },
    user: { id: bytes(userHandle), name: userName, displayName: userName },
    pubKeyCredParams: ALGORITHMS.map(alg => ({ type: 'public-key', alg })),
    excludeCredentials: excludeCredentials.map(id => ({ type: 'public-key', id: bytes(id) })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  });
  await post('api/auth/passkeys', {
    name, attestationObject: text(response.attestationObject), clientData: text(response.clientDataJSON),
  });
}

const proofOf = ({ currentPassword, code }) => ({ currentPassword, code: code || null });

/** The user's passkeys. */
export function PasskeysCard() {
  const loaded = useLoad(signal => get('api/auth/passkeys', {}, signal), []);
  const [creating, setCreating] = useState(false);
  const [renaming, setRenaming] = useState(null);
  const [leaving, setLeaving] = useState(null);
  const columns = [
    { name: 'Name', className: 'main', cell: ({ name }) => html`<span class="strong breakable">${name}</span>` },
    { name: 'Created', cell: ({ createdAt }) => html`<${Time} at=${createdAt} />` },
    { name: 'Last used', cell: ({ lastUsedAt }) => html`<${Time} at=${lastUsedAt} />` },
    { name: 'Actions', hidden: true, className: 'end', cell: passkey => html`<span class="actions"><${Button} kind="small"
      aria-label=${'Rename the passkey ' + passkey.name} onClick=${() => setRenaming(passkey)}>Rename</${Button}>
      <${Button} kind="small" aria-label=${'Delete the passkey ' + passkey.name}
      onClick=${() => setLeaving(passkey)}>Delete</${Button}></span>` },
  ];
  return html`<${Card} title="Passkeys" action=${html`<span class="card-actions"><${ButtonLink} kind="small"
      href="docs/team#passkeys">About passkeys</${ButtonLink}>${supported && html`<${Button} kind="small"
      onClick=${() => setCreating(true)}>Create passkey</${Button}>`}</span>`}>
    <p>Log in with your fingerprint, your face, or the PIN of your device, without a password or a code.</p>
    <${Loaded} of=${loaded} lines=${2}>${({ data }) => data.length > 0 && html`<${Table} label="Passkeys" rows=${data}
      columns=${columns} />`}</${Loaded}>
    ${!supported && html`<p class="faint">This browser has no passkeys here. Open the dashboard over HTTPS to create one.</p>`}
    ${creating && html`<${Create} onClose=${() => setCreating(false)} onCreated=${loaded.reload} />`}
    ${renaming && html`<${Rename} passkey=${renaming} onClose=${() => setRenaming(null)} onRenamed=${loaded.reload} />`}
    ${leaving && html`<${Delete} passkey=${leaving} onClose=${() => setLeaving(null)} onDeleted=${loaded.reload} />`}
  </${Card}>`;
}

function Create({ onClose, onCreated }) {
  const twoFactor = useTwoFactor();
  const form = useForm({ name: deviceName(navigator.userAgent), ...NO_PROOF }, atItsField(async values => {
    const begun = await post('api/auth/passkeys/begin', proofOf(values));
    form.set('code', ''); // works once
    await create(values.name, begun);
    announce('Passkey created', 'good');
    onCreated();
    onClose();
  }), values => ({ name: values.name.trim() ? '' : 'Enter a name', ...checkProof(values, twoFactor) }));
  return html`<${FormDialog} form=${form} title="Create passkey" action="Continue" onClose=${onClose}>
    <p>Confirm with your password. Your browser then asks where to keep the passkey.</p>
    <${Field} form=${form} name="name" label="Name" maxlength="200" hint=${NAME_HINT} />
    <${Proof} form=${form} autofocus />
  </${FormDialog}>`;
}

function Rename({ passkey, onClose, onRenamed }) {
  const form = useForm({ name: passkey.name }, async ({ name }) => {
    await patch('api/auth/passkeys/' + passkey.id, { name: name.trim() });
    announce('Passkey renamed', 'good');
    onRenamed();
    onClose();
  }, values => ({ name: values.name.trim() ? '' : 'Enter a name' }));
  return html`<${FormDialog} form=${form} title="Rename passkey" action="Rename" onClose=${onClose}>
    <${Field} form=${form} name="name" label="Name" maxlength="200" autofocus hint=${NAME_HINT} />
  </${FormDialog}>`;
}

function Delete({ passkey, onClose, onDeleted }) {
  const twoFactor = useTwoFactor();
  const form = useForm(NO_PROOF, atItsField(async values => {
    await post(`api/auth/passkeys/${passkey.id}/delete`, proofOf(values));
    announce('Passkey deleted', 'good');
    onDeleted();
    onClose();
  }), values => checkProof(values, twoFactor));
  return html`<${FormDialog} form=${form} title="Delete this passkey?" action="Delete passkey" onClose=${onClose}>
    <p>Nobody can log in with <strong>${passkey.name}</strong> anymore. Your device may still offer it; remove it there, too.</p>
    <${Proof} form=${form} autofocus />
  </${FormDialog}>`;
}
