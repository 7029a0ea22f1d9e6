// One call of the client that the guide shows, or again: one and then the lease alone: COMMAND SERVER TRIES SECONDS KEY FINGERPRINT [PRODUCT], or webhook BODY ID TIMESTAMP SIGNATURES SECRET
import fs from 'node:fs';
import { fileStore, Keyhook, verifyWebhook } from './keyhook.mjs';

const [command, ...args] = process.argv.slice(2);
if (command === 'webhook') {
  const [body, id, timestamp, signatures, secret] = args;
  console.log(await verifyWebhook(body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures }, secret));
} else {
  const [server, tries, seconds, key, fingerprint, productId] = args;
  const keyhook = new Keyhook({ server, keys: JSON.parse(fs.readFileSync('keys.json')), store: fileStore(process.env.LEASE ?? 'lease.json'),
    productId, tries: Number(tries), now: () => Date.now() / 1000 + Number(seconds) });
  if (command === 'deactivate') {
    console.log(await keyhook.deactivate(key, fingerprint));
  } else if (command === 'heartbeat') {
    const stop = keyhook.heartbeat(key, fingerprint, 0.05, ({ allowed, code }) => {
      stop();
      console.log(`${allowed} ${code ?? '-'}`);
    });
  } else {
    const results = [await keyhook.validate(key, fingerprint)];
    if (command === 'again') {
      results.push(await keyhook.offline(key, fingerprint));
    }
    results.forEach(({ allowed, code }) => console.log(`${allowed} ${code ?? '-'}`));
  }
}
