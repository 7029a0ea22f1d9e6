import { html, useState } from '../app/preact.js';
import { get, post, put } from '../app/api.js';
import { announce, Badge, Button, Card, Facts, Loaded, Notice, PageHead, Stale } from '../app/ui.js';
import { useId, useLoad, useRefresh } from '../app/use.js';

/** Milliseconds. */
const REFRESH = 10_000;
const LEVELS = ['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'];
const DAY = 86_400;

export function NodePage() {
  const node = useLoad(signal => get('api/admin/node', {}, signal), []);
  useRefresh(node.reload, REFRESH);
  return html`<${PageHead} title="Node" />
    <p class="lead">The node that answers this page. Behind a load balancer, each request may reach another one.</p>
    <${Loaded} of=${node}>${state => html`<${Stale} of=${node} what="the state" /><${Node} node=${state} reload=${node.reload} />`}</${Loaded}>`;
}

/** Null for a value that the node does not know. */
const count = value => value == null ? null : Math.round(value).toLocaleString('en-US');

function seconds(value) {
  if (value == null) {
    return null;
  }
  const rounded = Math.round(value);
  return rounded >= 2 * DAY ? `${Math.round(rounded / DAY)} days` : rounded >= 120 ? `${Math.round(rounded / 60)} min` : `${rounded} s`;
}

/** A value, marked where an alert would fire. */
const judged = (text, isBad) => text === null ? null : isBad ? html`<${Badge} tone="bad">${text}</${Badge}>` : text;

function Node({ node, reload }) {
  const { queue, egress } = node;
  const ahead = node.clockAheadSeconds;
  return html`<${Card} title="State"><${Facts} of=${[
      ['Status', html`<${Badge} tone=${node.status === 'ready' ? 'good' : 'bad'}>${node.status}</${Badge}>`],
      ['Database', judged(node.database, node.database !== 'ready')],
      ['Version', node.version],
      ['Java', node.javaVersion],
      ['Schema', node.schema],
      ['Clock', ahead === null ? null : judged(`${Math.abs(ahead).toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} the database`,
        Math.abs(ahead) > 2)],
      ...Object.entries(egress).map(([way, works]) => [way === 'dns' ? 'DNS' : 'Outgoing proxy', judged(works ? 'works' : 'fails', !works)]),
    ]} /></${Card}>
    <${Card} title="Queue of all nodes"><${Facts} of=${[
      ['Waiting', count(queue.waiting)],
      ['In progress', count(queue.leased)],
      ['Retrying', count(queue.retrying)],
      ['Paused', count(queue.paused)],
      ['Oldest due delivery', node.oldestDueSeconds === 0 ? 'none' : seconds(node.oldestDueSeconds)],
      ['Behind schedule', judged(node.behindSeconds === 0 ? 'no' : seconds(node.behindSeconds), node.behindSeconds > 300)],
      ['Partitions ahead', judged(seconds(node.partitionsAheadSeconds), node.partitionsAheadSeconds < 7 * DAY)],
      ['Partitions overdue', judged(count(node.partitionsOverdue), node.partitionsOverdue > 0)],
    ]} /></${Card}>
    <${Configuration} level=${node.logLevel} onChanged=${reload} />`;
}

function Configuration({ level, onChanged }) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(null);
  const run = async action => {
    setBusy(true);
    try {
      await action();
    } catch (e) {
      announce(e.message, 'bad');
    } finally {
      setBusy(false);
      onChanged();
    }
  };
  const setLevel = event => run(async () => {
    const { level } = await put('api/admin/log-level', { level: event.target.value });
    announce('The log level is now ' + level, 'good');
  });
  const reloadNow = () => run(async () => setDone(await post('api/admin/reload', {})));
  return html`<${Card} title="Configuration">
    <p class="lead">Both apply to this node only. The log level lasts until the node restarts or a reload changes it.</p>
    <div class="filters">
      ${level ? html`<div class="filter"><label for=${id}>Log level</label><select id=${id} value=${level} disabled=${busy}
        onChange=${setLevel}>${LEVELS.map(name => html`<option key=${name} value=${name} selected=${name === level}>${name}</option>`)}</select></div>`
        : html`<p class="faint">This node does not configure its log.</p>`}
      <${Button} icon="repeat" busy=${busy} onClick=${reloadNow}>Reload configuration</${Button}>
    </div>
    <div aria-live="polite">${done && html`<${Reloaded} of=${done} />`}</div>
  </${Card}>`;
}

function Reloaded({ of: { changed, afterRestart } }) {
  return html`<${Notice} title=${changed.length ? 'Configuration reloaded' : 'Configuration reloaded; nothing changed'}>
    ${changed.length > 0 && html`<ul>${changed.map(({ key, before, after }) =>
      html`<li key=${key}><code>${key}</code>: ${before} → ${after}</li>`)}</ul>`}
    ${afterRestart.length > 0 && html`<p>In effect after a restart: <code>${afterRestart.join(', ')}</code></p>`}
  </${Notice}>`;
}
