// Shows the plans of this server in place of those of a new one.
import { el } from './dom.js';

function limit(value) {
  return value === null ? 'unlimited' : value === 0 ? 'none' : value.toLocaleString('en-US');
}

function row({ name, maxLicenses, maxWebhooks, logRetentionDays }) {
  const days = `${limit(logRetentionDays)} ${logRetentionDays === 1 ? 'day' : 'days'}`;
  return el('tr', {}, el('td', {}, el('code', {}, name)), [limit(maxLicenses), limit(maxWebhooks), days]
    .map((text) => el('td', {}, text)));
}

try {
  const response = await fetch('../api/plans');
  if (!response.ok) {
    throw new Error(`The server returned ${response.status}`);
  }
  const plans = await response.json();
  document.querySelector('#plan-table tbody').replaceChildren(...plans.data.map(row));
  document.getElementById('plan-source').textContent = 'These are the plans of this server.';
} catch (e) {
  document.getElementById('plan-source').textContent =
    `Couldn’t load the plans of this server: ${e.message}. These are the plans of a new server. Reload the page to see this server’s.`;
}
