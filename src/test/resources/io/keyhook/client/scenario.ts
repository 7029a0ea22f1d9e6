// Uses the client that `openapi-generator -g typescript-fetch` makes.
import {
  Configuration, DeliveriesApi, LicensesApi, ListLicensesSortEnum, ResponseError, ValidationApi, WebhooksApi,
  type DeliveryPayload, type InvalidLicense, type Problem,
} from './client';

const { KEYHOOK_URL, KEYHOOK_KEY, RECEIVER_URL, DELIVERED_URL } = process.env as Record<string, string>;
const configuration = new Configuration({ basePath: KEYHOOK_URL, accessToken: KEYHOOK_KEY });
const licenses = new LicensesApi(configuration);
const validation = new ValidationApi(configuration);
const webhooks = new WebhooksApi(configuration);
const deliveries = new DeliveriesApi(configuration);

/** The body of the response with which a call fails. */
async function failure<T>(call: Promise<unknown>): Promise<{ status: number; body: T }> {
  try {
    await call;
  } catch (e) {
    if (e instanceof ResponseError) {
      return { status: e.response.status, body: await e.response.json() as T };
    }
    throw e;
  }
  throw new Error('The call succeeded');
}

function detail(payload: DeliveryPayload, webhookId: string): string | boolean | null {
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
  const webhook = await webhooks.createWebhook({
    createWebhookRequest: { url: RECEIVER_URL, events: ['license.validated', 'license.activated', 'license.expired', 'license.disabled'] },
  });
  const soon = new Date(Date.now() + 1000);
  await licenses.createLicense({ createLicenseRequest: { name: 'Short', expiresAt: soon } });
  const studio = await licenses.createLicense({
    createLicenseRequest: { name: 'Studio', customerEmail: 'ada@example.com' },
  });

  const valid = await validation.validateLicense({ validateRequest: { licenseKey: studio.key, fingerprint: 'device-1' } });
  console.log('valid', valid.currentActivations, 'of', valid.maxActivations);
  const refused = await failure<InvalidLicense>(
    validation.validateLicense({ validateRequest: { licenseKey: studio.key, fingerprint: 'device-2' } }));
  console.log('refused', refused.status, refused.body.code);
  console.log('status', (await licenses.disableLicense({ id: studio.id })).status);

  const missing = await failure<Problem>(licenses.getLicense({ id: 'lic_01jhsqm7r3fwdb1n9y2c5x8g4k' }));
  console.log('problem', missing.body.status, missing.body.code);
  const invalid = await failure<Problem>(
    licenses.createLicense({ createLicenseRequest: { name: 'Past', expiresAt: new Date('2025-01-03T00:00:00Z') } }));
  console.log('problem', invalid.body.status, invalid.body.code, invalid.body.errors![0]!.field);

  const names: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await licenses.listLicenses({ limit: 1, sort: ListLicensesSortEnum.Name, ...(cursor ? { cursor } : {}) });
    names.push(...page.data.map((license) => license.name));
    cursor = page.nextCursor;
  } while (cursor);
  console.log('listed', ...names);

  await webhooks.testWebhook({ testWebhookRequest: { webhookId: webhook.id } });
  await fetch(DELIVERED_URL!); // answers when all are delivered
  const page = await deliveries.listDeliveries({ id: webhook.id, status: 'delivered' });
  const delivered = new Map(page.data.filter((one) => one.lastError === null).map((one) => [one.event as string, one.id]));
  for (const [event, id] of [...delivered].sort()) {
    const { payload } = await deliveries.getDelivery({ id });
    console.log('delivered', event, detail(payload, webhook.id));
  }
}

void main();
