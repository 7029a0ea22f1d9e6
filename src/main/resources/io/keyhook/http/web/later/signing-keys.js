import { html, useState } from '../app/preact.js';
import { get, post, remove, ROOT } from '../app/api.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { dateTime } from '../app/format.js';
import { announce, Button, ButtonLink, Card, Code, Confirm, IdText, Loaded, StatusBadge, Table } from '../app/ui.js';
import { useLoad } from '../app/use.js';

const STATUS = { next: ['Next', 'info'], current: ['Signs', 'good'], previous: ['Previous', 'quiet'] };
const MOST_HOURS = 8760;

/** The keys that sign validations, leases and license files. */
export function SigningKeysCard({ accountId }) {
  const loaded = useLoad(signal => get('api/signing-keys', {}, signal), []);
  const [rotating, setRotating] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const columns = [
    { name: 'Key ID', className: 'main', cell: key => html`<${IdText} of=${key.id} />` },
    { name: 'Status', className: 'badge-cell', cell: key => html`<${StatusBadge} words=${STATUS} status=${key.status} />` },
    { name: 'Signs from', cell: key => dateTime(key.signsFrom) },
    { name: 'Delete', hidden: true, className: 'end', cell: key => html`<${Button} needs="owner" kind="small"
      aria-label=${'Delete signing key ' + key.id} onClick=${() => setLeaving(key)}>Delete</${Button}>` },
  ];
  return html`<${Card} title="Signing keys" action=${html`<span class="card-actions"><${ButtonLink} kind="small"
      href="docs/offline">About signed validations</${ButtonLink}><${Button} needs="owner" kind="small"
      onClick=${() => setRotating(true)}>Rotate key</${Button}></span>`}>
    <p>Your app verifies validations and leases with the public keys. Build them into your app.</p>
    <${Loaded} of=${loaded} lines=${3}>${keys => html`<${Table} label="Signing keys" rows=${keys.data} columns=${columns} />
      <${Code} label="public keys" text=${keySet(keys.data)} />`}</${Loaded}>
    <p class="faint">Also public at <code class="breakable">${new URL(`api/accounts/${accountId}/.well-known/jwks.json`, ROOT).href}</code></p>
    ${rotating && html`<${RotateKey} onClose=${() => setRotating(false)} onRotated=${loaded.reload} />`}
    ${leaving && html`<${Confirm} title="Delete this signing key?" action="Delete signing key" onClose=${() => setLeaving(null)}
        run=${async () => {
      await remove('api/signing-keys/' + leaving.id);
      announce('Signing key deleted', 'good');
      loaded.reload();
    }}><p>${leaving.status === 'current' ? 'Another key signs immediately. Apps that do not have its public key built in refuse what it signs.'
        : leaving.status === 'next' ? 'The rotation is canceled. The current key keeps signing.'
        : 'Leases and license files that it signed stay valid in apps that have its public key built in.'} This can’t be undone.</p></${Confirm}>`}
  </${Card}>`;
}

/** As apps have it built in. */
const keySet = keys => JSON.stringify({ keys: keys.map(key =>
  ({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: key.id, x: key.publicKey })) }, null, 2);

function RotateKey({ onClose, onRotated }) {
  const form = useForm({ overlapHours: '720' }, async values => {
    await post('api/signing-keys/rotate', { overlapHours: Number(values.overlapHours) });
    announce('Signing key rotated', 'good');
    onRotated();
    onClose();
  }, values => ({
    overlapHours: /^\d+$/.test(values.overlapHours) && values.overlapHours <= MOST_HOURS ? ''
        : 'Enter a number of hours from 0 to ' + MOST_HOURS,
  }));
  return html`<${FormDialog} form=${form} title="Rotate signing key" action="Rotate key" onClose=${onClose}>
    <p>Keyhook creates a new key. It is public immediately and signs when the overlap ends:</p>
    <ol class="plain-list"><li>Rotate the key and build the new public key into your app, beside the current one.</li>
      <li>Ship the update during the overlap.</li><li>When the overlap ends, Keyhook signs with the new key.</li></ol>
    <${Field} form=${form} name="overlapHours" label="Overlap in hours" inputmode="numeric"
      hint=${Number(form.values.overlapHours) === 0 ? 'The new key signs immediately. Apps that do not have it yet refuse its signatures.'
          : 'How long the current key keeps signing.'} />
  </${FormDialog}>`;
}
