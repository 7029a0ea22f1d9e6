import { html, useState } from '../app/preact.js';
import { diffLines } from './diff.js';
import { Filter } from '../app/form.js';
import { dateTime, millis, plural } from '../app/format.js';
import { parseExact } from '../app/json.js';
import { Dialog } from '../app/ui.js';
import { outcome } from '../app/words.js';

/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/** Each fact about an attempt, as text. */
const FACTS = [
  ['Result', attempt => outcome(attempt.statusCode, attempt.error)],
  ['Started', attempt => dateTime(attempt.startedAt)],
  ['Duration', attempt => millis(attempt.durationMs)],
];

/** A dialog with what differs between two attempts of a delivery, at first the last two. @param attempts at least two */
export function Compare({ attempts, onClose }) {
  const [numbers, setNumbers] = useState(attempts.slice(-2).map(({ number }) => number));
  const [before, after] = numbers.map(number => attempts.find(attempt => attempt.number === number) ?? attempts[0]);
  const options = attempts.map(({ number, statusCode, error }) => [String(number), `Attempt ${number}: ${outcome(statusCode, error)}`]);
  const choose = i => value => setNumbers(numbers => numbers.map((number, at) => at === i ? Number(value) : number));
  return html`<${Dialog} title="Compare attempts" wide onClose=${onClose}><div class="dialog-body">
    <div class="filters">
      <${Filter} label="From" value=${String(before.number)} options=${options} onChange=${choose(0)} />
      <${Filter} label="To" value=${String(after.number)} options=${options} onChange=${choose(1)} />
    </div>
    <table class="compare"><thead><tr><td></td>${[before, after].map((attempt, i) => html`<th key=${i} scope="col">Attempt ${attempt.number}</th>`)}</tr></thead>
      <tbody>${FACTS.map(([name, of]) => html`<tr key=${name} class=${of(before) === of(after) ? undefined : 'changed'}>
        <th scope="row">${name}</th><td>${of(before)}</td><td>${of(after)}</td></tr>`)}</tbody></table>
    <h3>Response headers</h3>
    <${Difference} what="response headers" before=${before} after=${after} of=${headers}
      missing="Keyhook did not keep headers of this attempt." />
    <h3>Response body</h3>
    <${Difference} what="response body" before=${before} after=${after} of=${body} missing="There was no response." />
  </div></${Dialog}>`;
}

/** In the order of their names: the order in which they came means nothing. */
const headers = ({ responseHeaders }) => responseHeaders?.map(({ name, value }) => `${name}: ${value}`).sort();

/** JSON is compared as it is shown. */
function body({ responseBody }) {
  if (responseBody == null) {
    return null;
  }
  const json = parseExact(responseBody);
  return responseBody === '' ? [] : (json ? JSON.stringify(json, null, 2) : responseBody).split(/\r\n|\n|\r/);
}

/** @param of lines of an attempt; null or undefined: it has none, and `missing` says why */
function Difference({ what, before, after, of, missing }) {
  const lines = [before, after].map(of);
  const without = [before, after].filter((_, i) => !lines[i]);
  const changes = diffLines(lines[0] ?? [], lines[1] ?? []);
  const same = changes.every(({ sign }) => sign === ' ');
  return html`${without.map(({ number }) => html`<p key=${number} class="faint">Attempt ${number}: ${missing}</p>`)}
    ${without.length === 0 && same && html`<p class="faint">No difference.</p>`}
    ${!same && html`<pre class="diff" tabindex="0" role="group" aria-label=${'Difference of the ' + what}>${
        folded(changes).map((part, i) => part.skipped ? html`<span key=${i} class="faint">⋯ ${plural(part.skipped, 'unchanged line')}</span>`
          : part.sign === ' ' ? html`<span key=${i}>${'  ' + part.line}</span>`
          : part.sign === '-' ? html`<del key=${i}><span class="sr">removed: </span>${'− ' + part.line}</del>`
          : html`<ins key=${i}><span class="sr">added: </span>${'+ ' + part.line}</ins>`)}</pre>`}`;
}

/** Replaces long runs of unchanged lines by their number. */
function folded(changes) {
  const near = new Set();
  changes.forEach(({ sign }, i) => {
    for (let at = i - CONTEXT; sign !== ' ' && at <= i + CONTEXT; at++) {
      near.add(at);
    }
  });
  const parts = [];
  changes.forEach((change, i) => {
    const last = parts[parts.length - 1];
    if (near.has(i)) {
      parts.push(change);
    } else if (last?.skipped) {
      last.skipped++;
    } else {
      parts.push({ skipped: 1 });
    }
  });
  return parts;
}
