// Labels for the names that the API uses, and advice on errors.

const ATTEMPT_ERRORS = {
  timeout: ['Timeout', 'Respond first and do the work afterward: put the event into a queue and return 200 immediately.'],
  connection_refused: ['Connection refused',
      'Nothing listens at this address and port. Check that your server is running and that the port is correct.'],
  no_route: ['No route to the host', 'Keyhook cannot reach this address. Check your server’s firewall and network.'],
  dns_failure: ['Host name not found', 'Check the spelling of the host in the URL and its DNS record.'],
  tls_failure: ['TLS failed', 'Check that the certificate is valid for this host name, has not expired, and is sent with its full chain.'],
  connection_reset: ['Connection closed', 'Your server, or a proxy in front of it, closed the connection before the response was complete. Check its log.'],
  protocol_error: ['Not valid HTTP', 'The response is not valid HTTP. Check that a web server listens on this port, and that it uses https if the URL does.'],
  network_error: ['Network error', 'If this continues, check your server’s network.'],
  proxy_failure: ['Outgoing proxy failed', 'The fault is not yours: Keyhook could not use its own outgoing proxy. Contact your administrator.'],
  resolver_failure: ['Name servers failed', 'The fault is not yours: none of Keyhook’s own name servers answered. Contact your administrator.'],
  proxy_refused: ['Outgoing proxy refused', 'Keyhook’s own outgoing proxy could not connect to your endpoint, or may not. Check that your server is reachable; if it is, contact your administrator.'],
  token_error: ['No access token', 'Your authorization server issued no token. Check the token URL, client ID and secret.'],
  target_refused: ['Address refused', 'Webhooks must use https and a public address. Check which addresses the host name resolves to.'],
};

const STATUS_ADVICE = [
  [s => s >= 300 && s < 400, 'Redirects are not followed. Enter the URL that it redirects to as the webhook’s URL.'],
  [s => s === 400, 'Your endpoint rejected the request as invalid. Compare what it expects with the request body.'],
  [s => s === 401 || s === 403, 'If your code returned this, the signature did not match: check that it uses this webhook’s secret and the raw body. Otherwise, a login or a firewall blocks the request.'],
  [s => s === 404, 'Your server has no route at this path. Check the URL, and that the route accepts POST.'],
  [s => s === 405, 'Your route does not accept POST.'],
  [s => s === 410, '410 means “gone for good”, so Keyhook deactivates the webhook.'],
  [s => s === 413, 'The request is too large for your endpoint or a proxy in front of it.'],
  [s => s === 429, 'Your server asks for fewer requests. Keyhook waits as long as Retry-After asks, up to twice its usual delay.'],
  [s => s === 502 || s === 503 || s === 504, 'Your endpoint, or a proxy in front of it, is not available. Check that your server is running.'],
  [s => s >= 500, 'Your endpoint returned a server error. Check its log.'],
  [s => s >= 400, 'Your endpoint rejected the request. Check its log.'],
];

/** What Slack, Discord and Teams return when they refuse a message; Discord's are codes. */
const SERVICE_ADVICE = [
  [/^invalid_payload/, 'Slack could not read the message. Set the webhook’s format to Slack, or compare the request body with what Slack accepts.'],
  [/^invalid_blocks/, 'Slack rejected the layout of the message. Set the webhook’s format to Slack, or shorten its template.'],
  [/^no_text/, 'The message is empty. Check the webhook’s format and its template.'],
  [/^no_service/, 'Slack does not know this URL: the app was removed, or the URL is incomplete. Create an incoming webhook in Slack and enter its URL.'],
  [/^no_team/, 'Slack does not know the workspace of this URL. Create an incoming webhook in Slack and enter its URL.'],
  [/^invalid_token/, 'The URL is incomplete or was revoked. Create an incoming webhook in Slack and enter its URL.'],
  [/^channel_not_found/, 'The Slack channel was deleted, or the app is no longer in it. Create an incoming webhook for another channel.'],
  [/^channel_is_archived/, 'The Slack channel is archived. Unarchive it, or create an incoming webhook for another channel.'],
  [/^action_prohibited/, 'An administrator of your Slack workspace does not allow this app to post there.'],
  [/^posting_to_general_channel_denied/, 'Your Slack workspace allows only some people to post to #general. Choose another channel.'],
  [/"code": ?50006\b/, 'Discord received an empty message. Set the webhook’s format to Discord, and check that its template is not empty.'],
  [/"code": ?50035\b/, 'Discord could not read the message. Set the webhook’s format to Discord, or compare the request body with what Discord accepts.'],
  [/"code": ?10015\b/, 'The Discord webhook was deleted. Create a new one in the channel’s settings and enter its URL.'],
  [/"code": ?50027\b/, 'The URL of the Discord webhook is incomplete or was replaced. Copy it again from the channel’s settings.'],
  [/TriggerInputSchemaMismatch/, 'The workflow of Teams could not read the message. Set the webhook’s format to Teams.'],
  [/WorkflowTriggerIsNotEnabled/, 'The workflow of Teams is turned off. Turn it on, or create a new one and enter its URL.'],
  [/DirectApiAuthorizationRequired/, 'The URL of the Teams workflow is incomplete, or the workflow accepts only people of your organization. Let anyone trigger it, and copy its URL again.'],
];

/** The outcome of an attempt in a few words: `HTTP 503`, `Timeout`, or both; null before there is one. */
export function outcome(statusCode, error) {
  const status = statusCode == null ? null : 'HTTP ' + statusCode;
  if (!error) {
    return status;
  }
  const words = ATTEMPT_ERRORS[error]?.[0] ?? error;
  return status ? `${words} (${status})` : words;
}

/** How to fix a failed attempt; null if it succeeded or nothing is known. @param responseBody may be missing */
export function advice(statusCode, error, responseBody) {
  if (error) {
    return ATTEMPT_ERRORS[error]?.[1] ?? null;
  }
  const said = responseBody ? SERVICE_ADVICE.find(([says]) => says.test(responseBody))?.[1] : null;
  return statusCode >= 200 && statusCode < 300 ? null : said ?? STATUS_ADVICE.find(([fits]) => fits(statusCode))?.[1] ?? null;
}

export const DELIVERY_STATUS = {
  pending: ['Pending', 'info'],
  retrying: ['Retrying', 'warn'],
  delivered: ['Delivered', 'good'],
  failed: ['Failed', 'bad'],
  canceled: ['Canceled', 'quiet'],
};

const isSuccess = ({ statusCode, error }) => !error && statusCode >= 200 && statusCode < 300;

/** Adds what a delivery that waits for a paused webhook shows. */
export const DELIVERY_BADGE = { ...DELIVERY_STATUS, paused: ['Paused', 'info'] };

/** The status in badges. */
export const deliveryBadge = delivery => delivery.paused ? 'paused' : deliveryStatus(delivery);

/** The status to filter by: a pending delivery whose last attempt failed is `retrying`. @param delivery of a list, or with its attempts */
export function deliveryStatus({ status, attempts, attemptCount, lastStatusCode, lastError }) {
  if (status !== 'pending' || attemptCount === 0) {
    return status;
  }
  const last = attempts ? attempts[attempts.length - 1] : { statusCode: lastStatusCode, error: lastError };
  return isSuccess(last) ? status : 'retrying';
}

/** Whether a delivery failed, or waits for a retry. */
export const isFailing = delivery => ['failed', 'retrying'].includes(deliveryStatus(delivery));

/** Whether a delivery of a list was canceled after a failed attempt, as when its endpoint returned 410 Gone. */
export const isStopped = ({ status, attemptCount, lastStatusCode, lastError }) => status === 'canceled' && attemptCount > 0
  && !isSuccess({ statusCode: lastStatusCode, error: lastError });

export const LICENSE_EVENTS = ['license.validated', 'license.activated', 'license.expired', 'license.disabled',
    'license.deactivated', 'license.created', 'license.updated', 'license.enabled', 'license.deleted', 'license.expiring'];

/** Types that a webhook may subscribe to. */
export const EVENT_TYPES = [...LICENSE_EVENTS, 'webhook.failing', 'webhook.recovered', 'webhook.deactivated'];

/** What team members can be alerted about. */
export const ALERT_CAUSES = [
  ['webhook.failing', 'A webhook starts to fail'],
  ['webhook.recovered', 'A failing webhook succeeds again'],
  ['webhook.deactivated', 'Keyhook deactivates a webhook'],
  ['license.expiring', 'A license expires soon'],
  ['plan.limit', 'The account uses 80% of its plan'],
];

/** Subscribes to all of them, including those that later versions add. */
export const ALL_LICENSE_EVENTS = 'license.*';

export const LICENSE_STATUS = {
  active: ['Active', 'good'],
  disabled: ['Disabled', 'bad'],
  expired: ['Expired', 'warn'],
};

export const VALIDATION_ADVICE = {
  LICENSE_NOT_FOUND: 'No license has this key.',
  ACCOUNT_SUSPENDED: 'The account is suspended. Contact your administrator.',
  LICENSE_DISABLED: 'Enable the license to let it validate again.',
  LICENSE_EXPIRED: 'Extend the license to let it validate again.',
  MAX_ACTIVATIONS_REACHED: 'Remove a device, or raise the activation limit.',
  PRODUCT_MISMATCH: 'The license is for another product than the one that your app names.',
};

/** The actor that created the first account. */
export const FIRST_START = 'bootstrap';

export const AUDIT_ACTIONS = {
  'license.created': 'Created a license',
  'license.updated': 'Changed a license',
  'license.disabled': 'Disabled a license',
  'license.enabled': 'Enabled a license',
  'license.deleted': 'Deleted a license',
  'license.file_created': 'Created a license file',
  'activation.deleted': 'Removed a device',
  'policy.created': 'Created a policy',
  'policy.updated': 'Changed a policy',
  'policy.deleted': 'Deleted a policy',
  'product.created': 'Created a product',
  'product.updated': 'Renamed a product',
  'product.deleted': 'Deleted a product',
  'webhook.created': 'Created a webhook',
  'webhook.updated': 'Changed a webhook',
  'webhook.secret_rotated': 'Rotated a webhook’s secret',
  'webhook.deleted': 'Deleted a webhook',
  'webhook.tested': 'Tested a webhook',
  'webhook.paused': 'Paused a webhook',
  'webhook.resumed': 'Resumed a webhook',
  'webhook.deactivated': 'Deactivated a failing webhook',
  'webhook.recovered': 'Recovered failed deliveries',
  'webhook.recovery_stopped': 'Stopped a recovery',
  'delivery.redelivered': 'Redelivered a delivery',
  'test_endpoint.created': 'Created a test endpoint',
  'test_endpoint.deleted': 'Deleted a test endpoint',
  'api_key.created': 'Created an API key',
  'api_key.deleted': 'Deleted an API key',
  'signing_key.rotated': 'Rotated the signing key',
  'signing_key.deleted': 'Deleted a signing key',
  'account.created': 'Created the account',
  'account.updated': 'Changed the account',
  'account.suspended': 'Suspended the account',
  'account.resumed': 'Resumed the account',
  'account.exported': 'Exported the account',
  'account.erasure_started': 'Began to erase the account',
  'account.erased': 'Erased the account',
  'customer.erased': 'Erased a customer’s personal data',
  'login.succeeded': 'Logged in through the API',
  'login.failed': 'Failed to log in',
  'login.code_failed': 'Failed to log in: wrong code',
  'login.code_missing': 'Failed to log in: no code',
  'confirmation.failed': 'Entered a wrong password to confirm a change',
  'confirmation.code_failed': 'Entered a wrong code to confirm a change',
  'session.started': 'Logged in',
  'session.ended': 'Logged out',
  'session.reused': 'Ended a session: an old cookie was reused',
  'invitation.created': 'Invited a team member',
  'invitation.revoked': 'Revoked an invitation',
  'password_reset.revoked': 'Revoked a password link',
  'invitation.accepted': 'Accepted an invitation',
  'user.created': 'Added a team member',
  'user.deleted': 'Removed a team member',
  'user.role_changed': 'Changed a team member’s role',
  'user.password_reset': 'Created a link for a new password',
  'user.password_reset_requested': 'Asked for a link for a new password',
  'two_factor.enabled': 'Turned on two-factor authentication',
  'two_factor.disabled': 'Turned off two-factor authentication',
  'two_factor.recovery_code_used': 'Used a recovery code',
  'user.password_changed': 'Changed a password',
  'passkey.created': 'Created a passkey',
  'passkey.renamed': 'Renamed a passkey',
  'passkey.deleted': 'Deleted a passkey',
  'login.passkey_failed': 'Failed to log in with a passkey',
  'alerts.updated': 'Changed their alerts',
  'alerts.tested': 'Sent a test alert',
  'portal_link.created': 'Created a portal link',
  'portal_link.opened': 'Opened a portal link',
  'portal_link.revoked': 'Revoked a portal link',
};

const BROWSERS = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari']];
const SYSTEMS = [[/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux']];

/** A browser and its system, such as `Firefox on Linux`; the User-Agent itself if neither is known. */
export function deviceName(userAgent) {
  const known = names => names.find(([pattern]) => pattern.test(userAgent))?.[1];
  return userAgent ? [known(BROWSERS), known(SYSTEMS)].filter(Boolean).join(' on ') || userAgent : 'Unknown device';
}

/** Scopes of API keys by name. */
export const SCOPE_NAMES = {
  read: ['Read', 'See everything and change nothing'],
  licenses: ['Licenses', 'See, create, change and delete licenses and their devices'],
  webhooks: ['Webhooks', 'See and change webhooks, and see, redeliver and recover deliveries'],
};

/** Roles by name, and what they may do. */
export const ROLE_NAMES = {
  read_only: ['Read-only', 'Sees everything and changes nothing.'],
  support: ['Support', 'Also redelivers, recovers and tests, disables and enables licenses, and removes devices.'],
  member: ['Member', 'Also creates, changes and deletes everything except team members, API keys and account settings.'],
  owner: ['Owner', 'May do everything.'],
};

/** The page of the subject of an audit entry; null if it has none. */
export function subjectPath(id) {
  if (id.startsWith('lic_')) {
    return '/licenses/' + id;
  }
  if (id.startsWith('delivery_')) {
    return '/deliveries/' + id;
  }
  if (id.startsWith('user_')) {
    return '/people?member=' + id;
  }
  return id.startsWith('webhook_') ? '/webhooks/' + id : null;
}

/** A field's name in words. */
export const fieldName = field => field.replace(/([A-Z])/g, ' $1').toLowerCase();
