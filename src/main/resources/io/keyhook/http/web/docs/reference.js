// Renders the reference from /openapi.json.
import { codeBlock } from './code.js';
import { el } from './dom.js';

const METHODS = ['get', 'post', 'patch', 'put', 'delete'];
const DEEPEST = 5;
const root = document.getElementById('calls');
const search = document.getElementById('search');
const count = document.getElementById('count');
const server = new URL('..', location.href).href.replace(/\/$/, '');
const fillers = new Map();
let spec;

/** Resolves a reference. Properties next to it take precedence. */
function resolve(node) {
  if (!node?.$ref) {
    return node ?? {};
  }
  const target = node.$ref.slice(2).split('/').reduce((at, part) => at[part], spec);
  const { $ref, ...beside } = node;
  return { ...resolve(target), ...beside };
}

/** Renders the subset of Markdown that the document uses. */
function prose(text = '') {
  return text.split('\n\n').filter(Boolean).map((paragraph) => el('p', {},
    paragraph.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => part.startsWith('`') ? el('code', {}, part.slice(1, -1))
      : part.startsWith('**') ? el('strong', {}, part.slice(2, -2)) : part)));
}

function typeOf(given) {
  const schema = resolve(given);
  if (schema.anyOf || schema.oneOf) {
    return (schema.anyOf ?? schema.oneOf).map(typeOf).join(' or ');
  }
  const type = [schema.type ?? 'any'].flat().join(' or ');
  const form = schema.format === 'date-time' ? 'time' : schema.format;
  if (schema.type === 'array') {
    return `array of ${typeOf(schema.items)}`;
  }
  return form && form !== 'int64' ? `${type}, ${form}` : type;
}

function limits(given) {
  const schema = resolve(given);
  const says = [];
  if (schema.enum) {
    says.push(`one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`);
  }
  if (schema.default !== undefined && schema.default !== null) {
    says.push(`default ${JSON.stringify(schema.default)}`);
  }
  if (schema.minimum !== undefined || schema.maximum !== undefined) {
    says.push(`${schema.minimum ?? ''}..${schema.maximum ?? ''}`);
  }
  if (schema.maxLength !== undefined) {
    says.push(`${schema.minLength ? `${schema.minLength} to ` : 'up to '}${schema.maxLength} characters`);
  }
  return says.join('; ');
}

function field(name, schema, required, depth) {
  const resolved = resolve(schema);
  const type = [typeOf(schema), limits(schema)].filter(Boolean).join('; ');
  return el('li', {}, el('code', {}, name), el('span', { class: 'type' }, type),
    required ? el('span', { class: 'must' }, 'required') : null, prose(resolved.description), fields(resolved.type === 'array' ? resolved.items : schema, depth + 1));
}

function fields(schema, depth = 0) {
  const { properties = {}, required = [] } = resolve(schema);
  const names = Object.keys(properties);
  return names.length === 0 || depth > DEEPEST ? null
    : el('ul', { class: 'fields' }, names.map((name) => field(name, properties[name], required.includes(name), depth)));
}

function examples(content) {
  if (content.example !== undefined) {
    return [['', content.example]];
  }
  return Object.values(content.examples ?? {}).map((example) => [resolve(example).summary ?? '', resolve(example).value]);
}

function blocks(content, language) {
  return examples(content).map(([summary, value]) =>
    codeBlock(typeof value === 'string' ? value : JSON.stringify(value, null, 2), language, summary));
}

function curl(method, path, operation, content) {
  const lines = [`curl -sS ${method === 'post' && content ? '' : `-X ${method.toUpperCase()} `}"${server}${path}"`];
  if ((operation.security ?? spec.security).length > 0) {
    lines.push('-H "Authorization: Bearer $KEY"');
  }
  const example = content && examples(content)[0];
  if (example) {
    const text = typeof example[1] === 'string' ? example[1] : JSON.stringify(example[1]);
    lines.push(`-H "Content-Type: ${content.type}"`, `--data-binary '${text.replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ').replace('curl -sS -X GET ', 'curl -sS ');
}

function credential(operation) {
  const names = (operation.security ?? spec.security).flatMap((one) => Object.keys(one));
  const says = { bearerAuth: 'an API key or a user’s token', operatorKey: 'the operator key' };
  return names.length === 0 ? 'Needs no credential.' : `Needs ${names.map((name) => says[name] ?? name).join(' or ')}, as Authorization: Bearer.`;
}

/** The content, preferably JSON; undefined if there is none. */
function contentOf(body) {
  const contents = Object.entries(body.content ?? {}).map(([type, content]) => ({ ...content, type }));
  return contents.find(({ type }) => type.includes('json')) ?? contents[0];
}

function answer(status, given) {
  const response = resolve(given);
  const content = contentOf(response);
  const head = [el('code', {}, status), response.description ?? ''];
  if (!content) {
    return el('p', { class: 'answer' }, head);
  }
  const details = el('details', { class: 'answer' }, el('summary', {}, head));
  details.addEventListener('toggle', () => {
    if (details.children.length === 1) {
      details.append(...blocks(content, 'js'), ...[fields(content.schema ?? {})].filter(Boolean));
    }
  });
  details.open = status.startsWith('2');
  return details;
}

/** A form that sends the call. Most readers do not need it, so it is loaded when it is opened. */
function trial(call) {
  const details = el('details', { class: 'try' }, el('summary', {}, 'Try it'));
  const load = async () => {
    try {
      const { tryIt } = await import('./try.js');
      tryIt(details, { ...call,
        examples: call.content ? examples(call.content) : [],
        scheme: (call.operation.security ?? spec.security).flatMap((one) => Object.keys(one))[0] ?? null,
        setsCookie: Object.values(call.operation.responses).some((response) => resolve(response).headers?.['Set-Cookie']),
        describe: () => prose(call.operation.description) }, server);
    } catch (e) {
      details.append(el('p', { role: 'alert' }, `Couldn’t load the form: ${e.message}. Reload the page.`));
    }
  };
  details.addEventListener('toggle', load, { once: true });
  return details;
}

function body(method, path, operation, isEvent) {
  const request = operation.requestBody ? resolve(operation.requestBody) : null;
  const content = request && contentOf(request);
  const parameters = (operation.parameters ?? []).map(resolve);
  return [
    ...prose(operation.description),
    isEvent ? null : el('p', {}, credential(operation)),
    isEvent ? null : codeBlock(curl(method, path, operation, content), 'sh', 'curl'),
    isEvent ? null
      : parameters.some((parameter) => parameter.in === 'cookie')
        ? el('p', {}, 'You cannot try this call here: it would use the session of your dashboard login.')
        : trial({ method, path, operation, content, isBodyRequired: request?.required === true,
          parameters: parameters.map((parameter) => ({ ...parameter, schema: resolve(parameter.schema) })) }),
    parameters.length ? el('h3', {}, isEvent ? 'Headers' : 'Parameters') : null,
    parameters.length ? el('ul', { class: 'fields' }, parameters.map((parameter) =>
      field(parameter.name, { ...parameter.schema, description: parameter.description }, parameter.required, DEEPEST))) : null,
    content ? el('h3', {}, isEvent ? 'Body' : 'Request') : null,
    content ? fields(content.schema) : null,
    content && (isEvent || examples(content).length > 1) ? blocks(content, 'js') : null,
    el('h3', {}, isEvent ? 'Your response' : 'Responses'),
    Object.entries(operation.responses).map(([status, response]) => answer(status, response)),
  ].flat().filter(Boolean);
}

function call(method, path, operation, isEvent = false) {
  const details = el('details', { class: 'call', id: operation.operationId },
    el('summary', {}, el('span', { class: `method ${method}` }, isEvent ? 'EVENT' : method.toUpperCase()), el('code', {}, path),
      el('span', { class: 'says' }, operation.summary ?? '')));
  details.dataset.text = `${method} ${path} ${operation.summary} ${operation.description} ${operation.operationId}`.toLowerCase();
  fillers.set(details, () => details.append(el('div', {}, body(method, path, operation, isEvent))));
  details.addEventListener('toggle', () => fill(details));
  return details;
}

/** Renders the content of a call when it is opened for the first time. */
function fill(details) {
  fillers.get(details)?.();
  fillers.delete(details);
}

function group(name, description, calls) {
  const id = name.toLowerCase().replaceAll(' ', '-');
  return el('section', { 'aria-labelledby': id }, el('h2', { id }, name), el('p', {}, description), calls);
}

/** The conventions of all calls. */
function conventions() {
  return el('details', { class: 'call', id: 'conventions' },
    el('summary', {}, el('strong', {}, 'Conventions'),
      el('span', { class: 'says' }, 'Strictness, retries, errors and limits of all calls')),
    el('div', {}, prose(spec.info.description)));
}

function draw() {
  const calls = Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ method, path, operation: item[method] })));
  const events = Object.entries(spec.webhooks).map(([name, item]) =>
    ({ method: 'post', path: name, operation: item.post, isEvent: true }));
  const groups = spec.tags.map((tag) => group(tag.name, tag.description ?? '', [...calls, ...events]
    .filter(({ operation }) => operation.tags.includes(tag.name))
    .map(({ method, path, operation, isEvent }) => call(method, path, operation, isEvent))));
  root.replaceChildren(conventions(), ...groups);
  const list = document.getElementById('groups');
  list.replaceChildren(...[...root.querySelectorAll('h2')].map((heading) =>
    el('li', {}, el('a', { href: `#${heading.id}` }, heading.textContent))));
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const section of root.querySelectorAll('section')) {
    let any = false;
    for (const one of section.querySelectorAll('.call')) {
      one.hidden = !words.every((word) => one.dataset.text.includes(word));
      any ||= !one.hidden;
      found += one.hidden ? 0 : 1;
    }
    section.hidden = !any;
  }
  count.textContent = words.length === 0 ? `${found} calls and events` : found === 0 ? 'No matches' : `${found} found`;
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches('.call')) {
    target.open = true;
    fill(target); // before scrolling, because it changes the height
  }
  target?.scrollIntoView({ behavior: 'instant' });
}

try {
  const response = await fetch(`${server}/openapi.json`);
  if (!response.ok) {
    throw new Error(`The server returned ${response.status}`);
  }
  spec = await response.json();
  draw();
  search.disabled = false;
  search.addEventListener('input', filter);
  filter();
  addEventListener('hashchange', open);
  open();
} catch (e) {
  root.replaceChildren(el('p', { class: 'note warn', role: 'alert' },
    `Couldn’t load the reference: ${e.message}. Reload the page, or read `, el('a', { href: '../openapi.json' }, 'openapi.json'), '.'));
}
