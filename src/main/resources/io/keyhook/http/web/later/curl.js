import { html, useEffect, useState } from '../app/preact.js';
import { now } from '../app/clock.js';
import { useApp } from '../app/context.js';
import { Code, Dialog, Notice } from '../app/ui.js';
import { useId, useNow } from '../app/use.js';

const PREFIX = 'whsec_';
/** Milliseconds until the command gets a new timestamp: endpoints reject one that is older than five minutes. */
const FRESH = 60_000;

function isSecret(text) {
  try {
    return text.startsWith(PREFIX) && atob(text.slice(PREFIX.length)) !== '';
  } catch {
    return false;
  }
}

/** Quotes text for a POSIX shell. */
const quote = text => `'${text.replaceAll("'", `'\\''`)}'`;

const bytes = text => new TextEncoder().encode(text);

async function hmac(key, text) {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes(text)));
}

/** The two signature headers that Keyhook sends. */
async function signatures(secret, id, timestamp, body) {
  const key = Uint8Array.from(atob(secret.slice(PREFIX.length)), char => char.charCodeAt(0));
  const plain = await hmac(bytes(secret), body);
  const standard = await hmac(key, `${id}.${timestamp}.${body}`);
  return [
    ['X-Webhook-Signature', Array.from(plain, byte => byte.toString(16).padStart(2, '0')).join('')],
    ['webhook-signature', 'v1,' + btoa(String.fromCharCode(...standard))],
  ];
}

/** The request of a delivery as a curl command. Its timestamp is the current time, because endpoints reject old ones. */
async function command(delivery, version, secret) {
  const body = delivery.body?.text ?? JSON.stringify(delivery.payload);
  const timestamp = Math.floor(now() / 1000);
  const headers = [
    ['Content-Type', delivery.body?.contentType ?? 'application/json'],
    ['User-Agent', 'Keyhook/' + version],
    ['X-Webhook-Event', delivery.event],
    ['X-Webhook-Attempt', '1'],
    ['webhook-id', delivery.id],
    ['webhook-timestamp', String(timestamp)],
    ...secret ? await signatures(secret, delivery.id, timestamp, body) : [],
  ];
  return [`curl -i ${quote(delivery.url)}`,
    ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    `--data-raw ${quote(body)}`].join(' \\\n  ');
}

/** A dialog with the request of a delivery as a curl command. The secret that signs it stays in the browser. */
export function Curl({ delivery, onClose }) {
  const { settings } = useApp();
  const [secret, setSecret] = useState('');
  const [shown, setShown] = useState(null);
  const id = useId();
  const minute = Math.floor(useNow(FRESH) / FRESH);
  const version = settings.data?.version;
  const trimmed = secret.trim();
  const wrong = trimmed !== '' && !isSecret(trimmed);
  useEffect(() => {
    let current = true;
    command(delivery, version, wrong ? '' : trimmed).then(text => current && setShown(text),
        () => current && setShown(null));
    return () => {
      current = false;
    };
  }, [delivery, version, trimmed, minute]);
  return html`<${Dialog} title="Copy as cURL" wide onClose=${onClose}><div class="dialog-body">
    <p>Run this command to send the event to your endpoint yourself. Keyhook does not log it.</p>
    ${crypto.subtle ? html`<div class="field"><label for=${id}>Webhook secret <span class="faint">optional</span></label>
      <div class="input-row"><input id=${id} type="password" autocomplete="off" value=${secret} aria-describedby=${id + 'h'}
          aria-invalid=${wrong ? 'true' : undefined} onInput=${event => setSecret(event.target.value)} /></div>
      <div class="hint" id=${id + 'h'}>Signs the request in this browser. The secret is not sent or stored.</div>
      <div class="field-error" aria-live="polite">${wrong ? 'A secret is whsec_ followed by base64.' : ''}</div></div>`
      : html`<${Notice} tone="info">The request is not signed. To sign it, open the dashboard over HTTPS or on localhost.</${Notice}>`}
    ${shown && html`<${Code} label="command" text=${shown} />`}
  </div></${Dialog}>`;
}
