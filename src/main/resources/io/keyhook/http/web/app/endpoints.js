import { get, getAll } from './api.js';

/** All webhooks, each with how it did in the last 24 hours as `stats`. */
export async function loadEndpoints(signal) {
  const [webhooks, { data }] = await Promise.all([getAll('api/webhooks', signal), get('api/stats/webhooks', {}, signal)]);
  const byId = new Map(data.map(row => [row.webhookId, row]));
  return webhooks.map(webhook => ({ ...webhook, stats: byId.get(webhook.id) }));
}
