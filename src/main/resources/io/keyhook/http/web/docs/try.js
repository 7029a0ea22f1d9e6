// Sends a call of the reference to this server. Loaded when a reader first opens "Try it".
import { remembered } from '../app/storage.js';
import { codeBlock } from './code.js';
import { el } from './dom.js';

/** Milliseconds; the slowest call, an import, takes less. A stream of events ends. */
const TIMEOUT = 100_000;
/** Bytes of a response that are shown. */
const MOST_BYTES = 256 * 1024;
/** Set while this browser may be logged in to the dashboard. */
const SESSION = 'keyhook-session';
const CREDENTIALS = {
  bearerAuth: { label: 'API key', placeholder: 'kh_...' },
  operatorKey: { label: 'Operator key', placeholder: '' },
};
/** What the reader entered, by scheme: in memory only, and gone when the page is closed or reloaded. */
const entered = {};
let forms = 0;

/** Enough for the values of the document: a header that can only be 1 has the pattern ^1$. */
function onlyValue(schema) {
  return /^\^[\w-]+\$$/.test(schema.pattern ?? '') ? schema.pattern.slice(1, -1) : '';
}

function labeled(id, name, isRequired, control, hint) {
  control.id = id;
  const says = hint ? el('small', { id: `${id}-hint` }, hint) : null;
  if (says) {
    control.setAttribute('aria-describedby', says.id);
  }
  return el('div', { class: 'try-field' },
    el('label', { for: id }, name, isRequired ? el('span', { class: 'must' }, 'required') : null), control, says);
}

function choices(values) {
  return el('select', {}, el('option', { value: '' }, 'Not set'), values.map((value) => el('option', {}, String(value))));
}

/** An input for a parameter; a required one must have a value. */
function control({ schema, required, example }) {
  const values = schema.type === 'boolean' ? [true, false] : schema.enum;
  const input = values ? choices(values) : el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false',
    placeholder: String(example ?? schema.examples?.[0] ?? schema.default ?? '') });
  input.required = required === true;
  input.value = required ? onlyValue(schema) : '';
  return input;
}

/** An input for a credential, the same in all forms of the page; null if the call needs none. */
function credential(id, scheme) {
  if (!scheme) {
    return null;
  }
  const { label, placeholder } = CREDENTIALS[scheme];
  const canLogIn = scheme === 'bearerAuth' && remembered(SESSION) !== null;
  const input = el('input', { type: 'password', autocomplete: 'off', spellcheck: 'false', placeholder, 'data-scheme': scheme });
  input.value = entered[scheme] ?? '';
  input.required = !canLogIn;
  input.addEventListener('input', () => {
    entered[scheme] = input.value.trim();
    document.querySelectorAll(`.try input[data-scheme=${scheme}]`).forEach((other) => {
      if (other !== input) {
        other.value = input.value;
      }
    });
  });
  return labeled(id, label, input.required, input, (canLogIn ? 'Leave it empty to use your dashboard login. ' : '')
    + 'Kept in the memory of this page only, until you close or reload it.');
}

/** The login of the dashboard, resumed. */
async function login() {
  const session = await import('../app/api.js');
  if (session.currentSession().state === 'starting') {
    await session.resume();
  }
  return session;
}

/** The header of a call. @param key what was entered; undefined: the login of the dashboard is used */
async function authorization(scheme, key) {
  if (!scheme) {
    return {};
  }
  return key ? { Authorization: `Bearer ${key}` } : (await login()).authorization();
}

/** Says with whose rights a call is sent. */
async function sender(scheme, key) {
  if (!scheme) {
    return 'Without a key.';
  }
  if (key) {
    return `With the ${CREDENTIALS[scheme].label} that you entered.`;
  }
  const { user, accountName } = await (await login()).get('api/auth/me');
  return `As ${user.email}, with your dashboard login to ${accountName}.`;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}

/** Formats JSON, unless that would change a value. */
function formatted(text, type) {
  try {
    const value = JSON.parse(text);
    return type.includes('json') && JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

/** Reads a body, up to a limit. @param onText receives each part of the text, and how many bytes have come */
async function read(response, onText) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  for (let part; reader && !(part = await reader.read()).done;) {
    bytes += part.value.length;
    onText(decoder.decode(part.value, { stream: true }), bytes);
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      return false;
    }
  }
  onText(decoder.decode(), bytes);
  return true;
}

const typeOf = (response) => response.headers.get('Content-Type') ?? '';
const isText = (type) => /^text\/|json|^$/.test(type);

/**
 * Asks before a destructive call.
 *
 * @param request its url and its body, which may be empty
 * @param from says who sends it
 */
function confirmed({ method, operation, describe }, { url, text }, from) {
  const dialog = el('dialog', { class: 'ask', 'aria-label': 'Confirm the call' },
    el('h3', {}, `${operation.summary}?`),
    el('p', {}, el('code', {}, `${method.toUpperCase()} ${url.pathname}${url.search}`)),
    el('p', {}, from),
    text ? codeBlock(text, 'text', 'Body') : null,
    describe(),
    el('form', { method: 'dialog' },
      el('button', { value: '', autofocus: '' }, 'Cancel'), el('button', { value: 'send', class: 'danger' }, 'Send')));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'send');
    });
  });
}

/**
 * Renders the form of a call into its place.
 *
 * @param call method, path and operation; its parameters, resolved; content: that of the request or null; examples as
 *     [summary, value]; isBodyRequired; scheme of its credential or null; setsCookie: would replace the dashboard's
 *     login if the browser took part; describe: returns the description as elements
 * @param server the URL of the server, without a slash at the end
 */
export function tryIt(place, call, server) {
  const prefix = `try-${forms += 1}`;
  const inputs = call.parameters.filter((parameter) => parameter.in !== 'cookie')
    .map((parameter) => ({ ...parameter, input: control(parameter) }));
  const body = call.content && el('textarea', { rows: '8', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off' });
  const asText = (value) => typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const fillBody = (i) => {
    body.value = call.examples[i] ? asText(call.examples[i][1]) : '';
    body.rows = Math.min(16, Math.max(4, body.value.split('\n').length + 1));
  };
  const picker = body && call.examples.length > 1
    ? el('select', {}, call.examples.map(([summary], i) => el('option', { value: i }, summary || `Example ${i + 1}`))) : null;
  picker?.addEventListener('change', () => fillBody(picker.value));
  if (body) {
    body.required = call.isBodyRequired;
    fillBody(0);
  }
  const button = el('button', { class: call.operation['x-destructive'] ? 'danger' : 'primary' });
  const status = el('p', { role: 'status' });
  const result = el('div', { class: 'try-result' });
  const form = el('form', { class: 'try-form', autocomplete: 'off' },
    credential(`${prefix}-credential`, call.scheme),
    inputs.map(({ name, required, input }, i) => labeled(`${prefix}-${i}`, name, required, input)),
    picker && labeled(`${prefix}-example`, 'Example', false, picker),
    body && labeled(`${prefix}-body`, `Body, ${call.content.type}`, call.isBodyRequired, body),
    el('div', { class: 'try-send' }, button, status), result);
  const names = call.operation['x-destructive'] ? 'Send…' : 'Send';
  button.textContent = names;
  let running = null;
  let isAsking = false;

  function urlOf() {
    const value = ({ input }) => input.value.trim();
    const path = call.path.replace(/\{(\w+)}/g, (_, name) =>
      encodeURIComponent(value(inputs.find((input) => input.in === 'path' && input.name === name))));
    const query = new URLSearchParams(inputs.filter((input) => input.in === 'query' && value(input))
      .map((input) => [input.name, value(input)]));
    return new URL(`${server}${path}${query.size ? `?${query}` : ''}`);
  }

  /** What was entered: it is sent as it was confirmed, even if the form has changed since. */
  function requestOf() {
    const text = body?.value.trim() ? body.value : '';
    const headers = Object.fromEntries(inputs.filter(({ in: where, input }) => where === 'header' && input.value.trim())
      .map(({ name, input }) => [name, input.value.trim()]));
    return { url: urlOf(), text, key: entered[call.scheme],
      headers: text ? { ...headers, 'Content-Type': call.content.type } : headers };
  }

  /** Announces a response. */
  function tell(response, took, bytes) {
    status.textContent = `${response.status} ${response.statusText} · ${Math.round(took)} ms · ${size(bytes)}`.replace('  ', ' ');
    status.className = response.ok ? 'good' : 'bad';
  }

  function head(response) {
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    return el('details', {}, el('summary', {}, 'Headers'), codeBlock(lines, 'text'));
  }

  function show(response, text, bytes) {
    const type = typeOf(response);
    result.replaceChildren(head(response),
      bytes === 0 ? el('p', {}, 'The response has no body.')
        : !isText(type) ? el('p', {}, `The body is ${type}, which is not text. Use curl to save it to a file.`)
          : codeBlock(formatted(text, type), type.includes('json') ? 'js' : 'text', 'Body'));
  }

  /** Shows a response whose body comes in parts. @returns adds a part */
  function showParts(response) {
    const block = codeBlock('', 'text', 'Body');
    result.replaceChildren(head(response), block);
    const code = block.querySelector('code');
    return (part) => code.append(part);
  }

  async function send({ url, text: sent, key, headers }) {
    running = new AbortController();
    const timer = setTimeout(() => running.abort('timeout'), TIMEOUT);
    button.textContent = 'Cancel';
    status.className = '';
    status.textContent = 'Sending…';
    result.replaceChildren();
    let [response, text, bytes] = [null, '', 0];
    let [started, add] = [performance.now(), null];
    try {
      const given = { ...await authorization(call.scheme, key), ...headers };
      started = performance.now();
      response = await fetch(url, { method: call.method.toUpperCase(), headers: given, cache: 'no-store',
        credentials: call.setsCookie ? 'omit' : 'same-origin', body: sent || undefined, signal: running.signal });
      if (typeOf(response).startsWith('text/event-stream')) {
        add = showParts(response);
        tell(response, performance.now() - started, 0);
      }
      const isWhole = await read(response, (part, length) => {
        text += part;
        bytes = length;
        add?.(part);
      });
      tell(response, performance.now() - started, bytes);
      if (!add) {
        show(response, text, bytes);
      }
      if (!isWhole) {
        result.append(el('p', {}, `The rest after ${size(MOST_BYTES)} is not shown.`));
      }
    } catch (e) {
      if (response && !add) {
        show(response, text, bytes);
      }
      fail(e);
    } finally {
      clearTimeout(timer);
      running = null;
      button.textContent = names;
    }
  }

  function fail(e) {
    status.className = 'bad';
    status.textContent = running?.signal.reason === 'timeout' ? `Stopped after ${TIMEOUT / 1000} s.`
      : running?.signal.aborted ? 'Canceled.'
        : [401, 403, 404].includes(e.status) ? 'Your login has expired. Log in to the dashboard again, or enter an API key.'
          : e.name === 'TypeError' && !navigator.onLine ? 'You are offline. Check your connection.'
            : `The call could not be sent, or its response could not be read: ${e.message.replace(/\.$/, '')}.`;
  }

  /** Asks before a destructive call, and says who would send what. */
  async function isMeant(request) {
    if (!call.operation['x-destructive']) {
      return true;
    }
    isAsking = true;
    try {
      return await confirmed(call, request, await sender(call.scheme, request.key));
    } catch (e) {
      fail(e);
      return false;
    } finally {
      isAsking = false;
    }
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (running) {
      running.abort('canceled');
      return;
    }
    const request = requestOf();
    if (!isAsking && await isMeant(request)) {
      await send(request);
    }
  });
  body?.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  place.append(form);
}
