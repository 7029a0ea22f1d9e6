import { get, getAll } from './api.js';

/** The statistics of the last 24 hours, by webhook ID. */
export async function loadStats(signal) {
  const { data } = await get('api/stats/webhooks', {}, signal);
  return new Map(data.map(row => [row.webhookId, row]));
}

/** All webhooks, each with its statistics of the last 24 hours as `stats`. */
export async function loadEndpoints(signal) {
  const [webhooks, byId] = await Promise.all([getAll('api/webhooks', signal), loadStats(signal)]);
  return webhooks.map(webhook => ({ ...webhook, stats: byId.get(webhook.id) }));
}

/** Below this success rate a webhook needs attention, even if its latest attempt succeeded. */
const HEALTHY = 0.95;

export const WEBHOOK_VERDICT = {
  active: ['Active', 'good'],
  failing: ['Failing', 'warn'],
  unreliable: ['Unreliable', 'warn'],
  inactive: ['Inactive', 'quiet'],
  deactivated: ['Deactivated', 'bad'],
};

/** The status of a webhook, the same on every page. @param stats of the last 24 hours; may be missing */
export function verdict({ isActive, deactivatedReason }, stats) {
  if (!isActive) {
    return deactivatedReason ? 'deactivated' : 'inactive';
  }
  return stats?.consecutiveFailures > 0 ? 'failing' : stats?.successRate != null && stats.successRate < HEALTHY ? 'unreliable'
    : 'active';
}

export const needsAttention = endpoint => ['failing', 'unreliable', 'deactivated'].includes(verdict(endpoint, endpoint.stats));
