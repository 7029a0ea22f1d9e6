// Checks a webhook's URL while the user types. The server has the last word.

const INTERNAL = /(^|\.)(localhost|localdomain|local|internal|lan|corp|home|svc|invalid|test|onion|arpa)$/;
/** The start of the URL of a built-in test endpoint. */
export const TEST_ENDPOINT = 'https://test-endpoint.keyhook.invalid/';
/** The start of the URL of webhooks that the command listen forwards. */
export const LISTENER = 'https://listen.keyhook.invalid/';
/** Whether Keyhook opens no connection to a URL: only these are below a reserved name. */
export const isBuiltIn = url => url.startsWith(TEST_ENDPOINT) || url.startsWith(LISTENER);
const IPV4 = /^\d+(\.\d+){3}$/;
const PRIVATE_V4 = /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/**
 * Checks what every server refuses.
 *
 * @param insecure whether the server allows http and private addresses
 * @returns the problem; '' if none is found
 */
export function checkForm(url, insecure) {
  if (/[\s\x00-\x20\x7f]/.test(url)) {
    return 'Must not contain spaces';
  }
  if (/[^\x00-\x7f]/.test(url)) {
    return 'Must be ASCII. Write international host names in their xn-- form';
  }
  if (url.length > 2048) {
    return 'Must not be longer than 2,048 bytes';
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    return 'Must be a full URL, such as https://hooks.example.com/keyhook';
  }
  if (url.includes('#')) {
    return 'Must not have a fragment (#)';
  }
  if (!/^https:/i.test(url) && !(insecure && /^http:/i.test(url))) {
    return insecure ? 'Must begin with https:// or http://' : 'Must begin with https://';
  }
  const [, authority] = /^[a-z]+:\/\/([^/?]*)/i.exec(url);
  if (authority.includes('@')) {
    return 'Must not contain a user name or password';
  }
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (!host) {
    return 'The host is missing';
  }
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && port <= 65535)) {
    return 'The port must be a number from 1 to 65535';
  }
  return '';
}

/** Also checks what a server refuses unless it is configured to allow more. */
export function checkUrl(url, insecure) {
  const wrong = checkForm(url, insecure);
  if (wrong || insecure || isBuiltIn(url)) {
    return wrong;
  }
  const [, host, port] = /^https:\/\/(\[[^\]]*\]|[^:/?]*)(?::(\d+))?/i.exec(url);
  return checkPublic(host.toLowerCase(), port);
}

function checkPublic(host, port) {
  if (port !== undefined && port !== '443' && port !== '8443') {
    return 'The port must be 443 or 8443';
  }
  if (IPV4.test(host) && PRIVATE_V4.test(host) || host.startsWith('[') && !/^\[[23]/.test(host)) {
    return 'Must not be a private address: Keyhook must be able to reach it over the internet';
  }
  if (INTERNAL.test(host) || !host.startsWith('[') && !host.includes('.')) {
    return 'Must be a public host name, such as hooks.example.com';
  }
  return '';
}
