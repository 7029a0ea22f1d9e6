import { get, getAll } from './api.js';
import { plural } from './format.js';

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

/** What {@link verdict} needs of the statistics, from a webhook's health. */
export const statsOf = ({ consecutiveFailures, lastDay }) => ({ consecutiveFailures, successRate: lastDay.successRate });

/** Below this success rate a webhook needs attention, even if its latest attempt succeeded. */
const HEALTHY = 0.95;

export const WEBHOOK_VERDICT = {
  active: ['Active', 'good'],
  paused: ['Paused', 'info'],
  failing: ['Failing', 'warn'],
  unreliable: ['Unreliable', 'warn'],
  inactive: ['Inactive', 'quiet'],
  deactivated: ['Deactivated', 'bad'],
};

/** The status of a webhook, the same on every page. @param stats of the last 24 hours; may be missing */
export function verdict({ isActive, pausedAt, deactivatedReason }, stats) {
  if (!isActive) {
    return deactivatedReason ? 'deactivated' : 'inactive';
  }
  if (pausedAt) {
    return 'paused';
  }
  return stats?.consecutiveFailures > 0 ? 'failing' : stats?.successRate != null && stats.successRate < HEALTHY ? 'unreliable'
    : 'active';
}

export const needsAttention = endpoint =>
  ['paused', 'failing', 'unreliable', 'deactivated'].includes(verdict(endpoint, endpoint.stats));

/** The API counts no further. */
const MOST_WAITING = 100_000;

/** How many events wait for a paused webhook. @param stats of the last 24 hours; may be missing */
export const waiting = stats => stats == null ? '' : stats.waiting >= MOST_WAITING
  ? plural(stats.waiting, 'event').replace(' ', '+ ') + ' waiting' : plural(stats.waiting, 'event') + ' waiting';
