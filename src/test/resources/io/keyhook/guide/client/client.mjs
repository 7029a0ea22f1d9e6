// One call of the client that the guide shows, or again: one and then the lease alone, or moved: the same, where the lease is
// away meanwhile, or race: refusals while the lease is read, or overlap: one that is answered after a deactivation, or pause: how long
// a heartbeat waits: COMMAND SERVER TRIES SECONDS KEY FINGERPRINT [PRODUCT], or webhook BODY ID TIMESTAMP SIGNATURES SECRET
import fs from 'node:fs';
import { fileStore, Keyhook, verifyWebhook } from './keyhook.mjs';

const [command, ...args] = process.argv.slice(2);
if (command === 'webhook') {
  const [body, id, timestamp, signatures, secret] = args;
  console.log(await verifyWebhook(body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures }, secret));
} else {
  const [server, tries, seconds, key, fingerprint, productId] = args;
  const lease = process.env.LEASE ?? 'lease.json';
  const options = { server, keys: JSON.parse(fs.readFileSync('keys.json')), store: fileStore(lease),
    productId, tries: Number(tries), now: () => Date.now() / 1000 + Number(seconds) };
  const keyhook = new Keyhook(options);
  const show = ({ allowed, code }) => console.log(`${allowed} ${code ?? '-'}`);
  if (command === 'deactivate') {
    console.log(await keyhook.deactivate(key, fingerprint));
  } else if (command === 'heartbeat') {
    let beats = 0;
    const stop = keyhook.heartbeat(key, fingerprint, 0.05, result => {
      if (++beats === 1) {
        throw new Error('of the app');
      }
      stop();
      show(result);
    });
  } else if (command === 'pause') {
    globalThis.setTimeout = (task, pause) => console.log(pause);
    keyhook.heartbeat(key, fingerprint, Number(seconds), show);
  } else if (command === 'race') {
    const kept = fs.readFileSync(lease);
    for (let i = 0; i < 20; i++) {
      fs.writeFileSync(lease, kept);
      const raced = new Keyhook(options);
      let ended = false;
      const race = async () => {
        while (!ended) {
          await raced.offline(key, fingerprint);
          await new Promise(setImmediate); // so that the response comes in
        }
      };
      const racing = race();
      const { code } = await raced.validate(key, fingerprint);
      ended = true;
      await racing;
      console.log(`${code} ${(await raced.offline(key, fingerprint)).allowed} ${fs.existsSync(lease)}`);
    }
  } else if (command === 'overlap') {
    const validated = keyhook.validate(key, fingerprint);
    await keyhook.deactivate(key, fingerprint);
    await keyhook.deactivate(key, fingerprint);
    show(await validated);
    show(await keyhook.offline(key, fingerprint));
  } else if (command === 'moved') {
    fs.renameSync(lease, 'moved');
    show(await keyhook.validate(key, fingerprint));
    fs.renameSync('moved', lease);
    show(await keyhook.offline(key, fingerprint));
  } else {
    const results = [await keyhook.validate(key, fingerprint)];
    if (command === 'again') {
      results.push(await keyhook.offline(key, fingerprint));
    }
    results.forEach(show);
  }
}
