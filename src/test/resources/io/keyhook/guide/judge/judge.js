// Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.
const { isFromKeyhook } = require('./keyhook.js');
const { isSignedByKeyhook } = require('./simple.js');

const bytes = (field) => (field === '-' ? undefined : Buffer.from(field, 'base64'));
const text = (field) => bytes(field)?.toString();

for (const line of require('node:fs').readFileSync(0, 'latin1').split('\n').filter(Boolean)) {
  const [kind, body, secret, ...rest] = line.split('\t');
  const [first, second, third] = rest.map(text);
  console.log(kind === 'simple' ? isSignedByKeyhook(bytes(body), [first, second], text(secret))
    : isFromKeyhook(bytes(body), { 'webhook-id': first, 'webhook-timestamp': second, 'webhook-signature': third },
      text(secret)));
}
