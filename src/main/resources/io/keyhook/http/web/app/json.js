// JSON with colors, whose objects and arrays can be folded.
import { html } from './preact.js';

/** Deeper values are shown as plain text. */
const MAX_DEPTH = 20;

/**
 * Parses text that is JSON and nothing else, formatted or compact. Null for other text, and for JSON that this cannot show
 * exactly as it is, such as large numbers or repeated names.
 */
export function parseExact(text) {
  if (!/^[{[]/.test(text)) {
    return null;
  }
  try {
    const value = JSON.parse(text);
    const isSame = JSON.stringify(value) === text || JSON.stringify(value, null, 2) === text;
    return isSame && depth(value) <= MAX_DEPTH ? value : null;
  } catch {
    return null;
  }
}

/** Text with indentation if it is JSON; other text as it is. */
export function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function depth(value, above = 0) {
  if (above > MAX_DEPTH || value === null || typeof value !== 'object') {
    return above;
  }
  return Object.values(value).reduce((most, child) => Math.max(most, depth(child, above + 1)), above + 1);
}

/** @param name of the member; undefined in an array and at the top. @param last whether no comma follows */
export function Json({ name, value, last = true }) {
  const key = name !== undefined && html`<span class="json-name">${JSON.stringify(name)}</span>: `;
  const comma = last ? '' : ',';
  const isArray = Array.isArray(value);
  const members = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  if (members.length === 0) {
    return html`<span class="json-line">${key}<span class=${'json-' + typeof value}>${JSON.stringify(value)}</span>${comma}</span>`;
  }
  const [open, close] = isArray ? '[]' : '{}';
  return html`<details class="json-fold" open><summary>${key}${open}<span class="json-more">…${close}${comma}</span></summary>
    <div class="json-members">${members.map(([member, child], i) => html`<${Json} key=${member} name=${isArray ? undefined : member}
        value=${child} last=${i === members.length - 1} />`)}</div><span class="json-line">${close}${comma}</span></details>`;
}
