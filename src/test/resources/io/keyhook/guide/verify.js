const crypto = require('node:crypto');

/**
 * Tells whether a delivery comes from Keyhook, unchanged.
 *
 * @param {Buffer} body the raw bytes of the request, as they came: take them before any JSON parser does, in Express with
 *     express.raw({ type: 'application/json' }), because parsing and writing JSON again changes the bytes
 * @param {string | undefined} signature the header X-Webhook-Signature: req.headers['x-webhook-signature']
 * @param {string} secret the webhook's secret, whole: whsec_ belongs to it
 * @returns {boolean} false: answer 401, and do nothing with the body
 */
function isFromKeyhook(body, signature, secret) {
  const expected = Buffer.from(crypto.createHmac('sha256', secret).update(body).digest('hex'));
  const given = Buffer.from(signature ?? '');
  // Takes the same time wherever the two differ, so that nobody can find the signature by measuring. Wants equal lengths.
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

module.exports = { isFromKeyhook };

// To try it in a shell: WEBHOOK_SECRET=whsec_... node verify.js <signature> < body
if (require.main === module) {
  const body = require('node:fs').readFileSync(0);
  process.exit(isFromKeyhook(body, process.argv[2], process.env.WEBHOOK_SECRET) ? 0 : 1);
}
