import { createOnce, get, getAll, patch, post } from '../api.js';
import { TEST_ENDPOINT } from '../url-check.js';

const EVENTS = ['license.activated', 'license.disabled', 'license.expired', 'license.validated'];

const isForTestEndpoint = ({ url }) => url.startsWith(TEST_ENDPOINT);

/**
 * The account's test endpoint and the webhooks that send to it. The endpoint is null if there is no such webhook, or if it has
 * expired.
 */
export async function loadTestEndpoint(signal) {
  const webhooks = (await getAll('api/webhooks', signal)).filter(isForTestEndpoint);
  if (webhooks.length === 0) {
    return { endpoint: null, webhooks };
  }
  try {
    const endpoint = await get('api/test-endpoint', {}, signal);
    return { endpoint, webhooks: webhooks.filter(({ url }) => url === endpoint.url) };
  } catch (e) {
    if (e.status === 404) {
      return { endpoint: null, webhooks: [] };
    }
    throw e;
  }
}

/** Creates or extends the test endpoint and lets a webhook send all events to it: the one of an expired endpoint if there is one. */
export async function createTestEndpoint() {
  const { url } = await post('api/test-endpoint');
  const old = (await getAll('api/webhooks')).find(isForTestEndpoint);
  await (old ? patch('api/webhooks/' + old.id, { url, isActive: true })
    : createOnce('api/webhooks', { url, events: EVENTS, description: 'Built-in test endpoint' }));
}
