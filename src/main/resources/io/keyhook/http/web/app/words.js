// What Keyhook's names mean, and what to do about them.

const ATTEMPT_ERRORS = {
  timeout: ['No answer in time', 'Answer first and do the work afterwards: put the event into a queue of your own and return 200 at once.'],
  connection_refused: ['Connection refused',
      'Nothing listens at this address and port. Check that your server runs and that the port is the right one.'],
  no_route: ['No route to the host', 'The address cannot be reached from here. Check the firewall and the network of your server.'],
  dns_failure: ['Host name not found', 'Check the spelling of the host in the URL, and its DNS entry.'],
  tls_failure: ['TLS failed', 'Check that the certificate is valid for this host name, not expired, and sent with its whole chain.'],
  connection_reset: ['Connection closed', 'Your server or a proxy before it ended the connection before the answer was whole. Its log may tell why.'],
  protocol_error: ['Not valid HTTP', 'What came back could not be read as HTTP. Check that the port belongs to a web server, and that https is really https.'],
  network_error: ['Network error', 'Try again in a moment. If it stays, check the network of your server.'],
  target_refused: ['Address refused', 'Webhooks may only go to public addresses over https. Check where the host name points.'],
};

const STATUS_ADVICE = [
  [s => s >= 300 && s < 400, 'Redirects are not followed. Enter the URL that it redirects to as the webhook’s URL.'],
  [s => s === 400, 'Your receiver could not read the request. Compare what it expects with the body below.'],
  [s => s === 401 || s === 403, 'If your code answered this, the signature did not match: check that it uses this webhook’s secret and the raw body. Otherwise a login or firewall stands before it.'],
  [s => s === 404, 'There is nothing at this path. Check the URL, and that your route takes POST.'],
  [s => s === 405, 'Your route does not take POST.'],
  [s => s === 410, 'It says that it is gone for good, so Keyhook deactivates webhooks that answer this.'],
  [s => s === 413, 'The request was too large for a proxy before your receiver.'],
  [s => s === 429, 'Your server wants fewer requests. Keyhook waits as long as Retry-After asks, up to twice its own delay.'],
  [s => s === 502 || s === 503 || s === 504, 'Your receiver, or a proxy in place of it, is not ready. Check that the receiver runs.'],
  [s => s >= 500, 'Your endpoint failed. See its own log for the reason.'],
  [s => s >= 400, 'Your endpoint refused the request. See its own log for the reason.'],
];

/** An attempt's outcome in a few words: `HTTP 503`, `No answer in time`, or both; null where there is none yet. */
export function outcome(statusCode, error) {
  const status = statusCode == null ? null : 'HTTP ' + statusCode;
  if (!error) {
    return status;
  }
  const words = ATTEMPT_ERRORS[error]?.[0] ?? error;
  return status ? `${words} (${status})` : words;
}

/** What to do about it; null where nothing is. */
export function advice(statusCode, error) {
  if (error) {
    return ATTEMPT_ERRORS[error]?.[1] ?? null;
  }
  return statusCode >= 200 && statusCode < 300 ? null : STATUS_ADVICE.find(([fits]) => fits(statusCode))?.[1] ?? null;
}

export const DELIVERY_STATUS = {
  pending: ['Pending', 'info'],
  retrying: ['Retrying', 'warn'],
  delivered: ['Delivered', 'good'],
  failed: ['Failed', 'bad'],
  canceled: ['Canceled', 'quiet'],
};

const isSuccess = ({ statusCode, error }) => !error && statusCode >= 200 && statusCode < 300;

/** The status to show: a pending delivery whose last attempt failed is `retrying`. @param delivery of a list, or with its attempts */
export function deliveryStatus({ status, attempts, attemptCount, lastStatusCode, lastError }) {
  if (status !== 'pending' || attemptCount === 0) {
    return status;
  }
  const last = attempts ? attempts[attempts.length - 1] : { statusCode: lastStatusCode, error: lastError };
  return isSuccess(last) ? status : 'retrying';
}

/** Whether its receiver has not got it, and Keyhook has tried. */
export const isFailing = delivery => ['failed', 'retrying'].includes(deliveryStatus(delivery));

export const LICENSE_STATUS = {
  active: ['Active', 'good'],
  disabled: ['Disabled', 'bad'],
  expired: ['Expired', 'warn'],
};

export const VALIDATION_ADVICE = {
  LICENSE_NOT_FOUND: 'No license has this key.',
  LICENSE_DISABLED: 'Enable the license to let it validate again.',
  LICENSE_EXPIRED: 'Extend the license to let it validate again.',
  MAX_ACTIVATIONS_REACHED: 'Remove a device, or raise the number of devices.',
};

export const AUDIT_ACTIONS = {
  'license.created': 'Created a license',
  'license.updated': 'Changed a license',
  'license.disabled': 'Disabled a license',
  'license.enabled': 'Enabled a license',
  'license.deleted': 'Deleted a license',
  'activation.deleted': 'Removed a device',
  'webhook.created': 'Created a webhook',
  'webhook.updated': 'Changed a webhook',
  'webhook.secret_rotated': 'Rotated a webhook’s secret',
  'webhook.deleted': 'Deleted a webhook',
  'webhook.tested': 'Tested a webhook',
  'webhook.deactivated': 'Deactivated a webhook for its failures',
  'webhook.recovered': 'Recovered failed deliveries',
  'delivery.redelivered': 'Sent a delivery again',
  'api_key.created': 'Created an API key',
  'api_key.deleted': 'Deleted an API key',
  'account.created': 'Created the account',
  'account.updated': 'Changed the account',
  'login.succeeded': 'Logged in by the API',
  'login.failed': 'Gave a wrong password',
  'session.started': 'Logged in',
  'session.ended': 'Logged out',
  'session.reused': 'A session ended: its old cookie came again',
  'user.created': 'Added a person',
  'user.deleted': 'Removed a person',
  'user.password_changed': 'Changed a password',
};

/** Where the audit log's subject can be looked at; null where nowhere. */
export function subjectPath(id) {
  if (id.startsWith('lic_')) {
    return '/licenses/' + id;
  }
  if (id.startsWith('delivery_')) {
    return '/deliveries/' + id;
  }
  return id.startsWith('webhook_') ? '/webhooks/' + id : null;
}

/** Names of fields as a sentence tells them. */
export const fieldName = field => field.replace(/([A-Z])/g, ' $1').toLowerCase();
