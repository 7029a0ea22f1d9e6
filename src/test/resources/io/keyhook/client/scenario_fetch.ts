// Uses the types that openapi-typescript makes, with openapi-fetch.
import createClient from 'openapi-fetch';
import type { components, paths } from './keyhook';

type Payload = components['schemas']['DeliveryPayload'];

const { KEYHOOK_URL, KEYHOOK_KEY, RECEIVER_URL, DELIVERED_URL } = process.env as Record<string, string>;
const keyhook = createClient<paths>({
  baseUrl: KEYHOOK_URL!,
  headers: { Authorization: `Bearer ${KEYHOOK_KEY}` },
});

/** What a call answers that has to succeed. */
async function success<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) {
    throw new Error(JSON.stringify(error));
  }
  return data;
}

function detail(payload: Payload, webhookId: string): string | boolean | null {
  switch (payload.event) {
    case 'license.activated': return payload.data.customerEmail;
    case 'license.disabled': return payload.data.licenseName;
    case 'license.deactivated': return payload.data.deactivatedBy;
    case 'license.expired': return payload.data.licenseName;
    case 'license.validated': return payload.data.fingerprint;
    case 'webhook.test': return payload.data.webhookId === webhookId;
    default: return null;
  }
}

async function main(): Promise<void> {
  const webhook = await success(keyhook.POST('/api/webhooks', {
    body: {
      url: RECEIVER_URL!,
      events: ['license.validated', 'license.activated', 'license.expired', 'license.disabled'],
    },
  }));
  const soon = new Date(Date.now() + 1000).toISOString();
  await success(keyhook.POST('/api/licenses', { body: { name: 'Short', expiresAt: soon } }));
  const studio = await success(keyhook.POST('/api/licenses', {
    body: { name: 'Studio', customerEmail: 'ada@example.com' },
  }));

  const valid = await success(keyhook.POST('/api/validate', { body: { licenseKey: studio.key, fingerprint: 'device-1' } }));
  console.log('valid', valid.currentActivations, 'of', valid.maxActivations);
  const refused = await keyhook.POST('/api/validate', { body: { licenseKey: studio.key, fingerprint: 'device-2' } });
  console.log('refused', refused.response.status, refused.error?.code);
  const disabled = await success(keyhook.POST('/api/licenses/{id}/disable', { params: { path: { id: studio.id } } }));
  console.log('status', disabled.status);

  const missing = await keyhook.GET('/api/licenses/{id}', {
    params: { path: { id: 'lic_01jhsqm7r3fwdb1n9y2c5x8g4k' } },
  });
  console.log('problem', missing.error?.status, missing.error?.code);
  const invalid = await keyhook.POST('/api/licenses', { body: { name: 'Past', expiresAt: '2025-01-03T00:00:00Z' } });
  console.log('problem', invalid.error?.status, invalid.error?.code, invalid.error?.errors?.[0]?.field);

  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page: components['schemas']['LicensePage'] = await success(keyhook.GET('/api/licenses', {
      params: { query: { limit: 1, sort: 'name', ...(cursor ? { cursor } : {}) } },
    }));
    names.push(...page.data.map((license) => license.name));
    cursor = page.nextCursor;
  } while (cursor);
  console.log('listed', ...names);

  await success(keyhook.POST('/api/webhooks/test', { body: { webhookId: webhook.id } }));
  await fetch(DELIVERED_URL!); // answers when all are delivered
  const page = await success(keyhook.GET('/api/webhooks/{id}/deliveries', {
    params: { path: { id: webhook.id }, query: { status: 'delivered' } },
  }));
  const delivered = new Map(page.data.filter((one) => one.lastError === null).map((one) => [one.event as string, one.id]));
  for (const [event, id] of [...delivered].sort()) {
    const { payload } = await success(keyhook.GET('/api/deliveries/{id}', { params: { path: { id } } }));
    console.log('delivered', event, detail(payload, webhook.id));
  }
}

void main();
