import { html, useState } from '../app/preact.js';
import { get, getCsv, patch, post, remove } from '../app/api.js';
import { now } from '../app/clock.js';
import { number, plural } from '../app/format.js';
import { save } from '../app/save.js';
import { announce, Button, Confirm, Dialog } from '../app/ui.js';
import { useId } from '../app/use.js';
import { TERMS } from '../app/pages/terms.js';

/** Requests at a time. */
const AT_ONCE = 4;
/** The API's limit for one export of selected licenses. */
const MOST_EXPORTED = 100;

/** Runs an action for each item, a few at a time. @returns the results of those that succeeded, and the errors of the others */
async function each(items, action) {
  const waiting = [...items];
  const done = [];
  const errors = [];
  const work = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      try {
        done.push(await action(item));
      } catch (e) {
        errors.push(e);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, errors };
}

const pathOf = license => 'api/licenses/' + license.id;
const isOver = ({ expiresAt }) => Date.parse(expiresAt) <= now();

// actions, which return a license before and after
const setDisabled = disabled => async before => ({ before, after: await post(pathOf(before) + (disabled ? '/disable' : '/enable')) });

/**
 * Adds a term to the expiry of a license, or to now if it has expired. Its expiry may have changed since it was listed,
 * by an earlier extension or a colleague.
 */
const extend = endOf => async license => {
  const before = await get(pathOf(license));
  const { expiresAt } = before;
  return { before, after: expiresAt ? await patch(pathOf(license),
      { expiresAt: new Date(endOf(Math.max(now(), Date.parse(expiresAt)))).toISOString() }) : before };
};

/** Restores the expiry of a license, and whether its policy sets it. */
const restoreExpiry = async license => ({ before: license, after: await patch(pathOf(license),
    license.inherited.includes('expiresAt') ? { inherited: license.inherited } : { expiresAt: license.expiresAt }) });

/** A CSV file with these licenses. @param ids one at least */
async function exported(ids) {
  const parts = [];
  for (let i = 0; i < ids.length; i += MOST_EXPORTED) {
    parts.push(await getCsv('api/licenses/export', { ids: ids.slice(i, i + MOST_EXPORTED).join() }));
  }
  // each part begins with the names of the columns
  return parts.map((part, i) => i === 0 ? part : part.slice(part.indexOf('\n') + 1)).join('');
}

/**
 * Actions on the selected licenses. What can be undone has an undo: deletion has none, nor has the extension of what had expired.
 *
 * @param selected the licenses
 * @param onChanged called with licenses that have changed
 * @param onClose clears the selection
 */
export function BulkActions({ selected, onChanged, onClose }) {
  const [busy, setBusy] = useState(null);
  const [dialog, setDialog] = useState(null);
  /** @param undo the action that restores a license as it was; null: there is no undo */
  const run = async (name, verb, licenses, action, undo) => {
    setBusy(name);
    const { done, errors } = await each(licenses, action);
    setBusy(null);
    onChanged(done.map(({ after }) => after));
    announce(`${verb} ${plural(done.length, 'license')}${errors.length ? `; ${number(errors.length)} ${errors.some(({ isUnsure }) => isUnsure) ? 'without a response' : 'failed'}: ${errors[0].message}` : ''}`,
      errors.length ? 'bad' : 'good', undo && done.length > 0
        ? { label: 'Undo', run: () => run(name, 'Restored', done.map(({ before }) => before), undo) } : null);
  };
  const exportAll = async () => {
    setBusy('export');
    try {
      save('licenses.csv', await exported(selected.map(({ id }) => id)));
      announce('Exported as licenses.csv', 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(null);
  };
  const enabled = selected.filter(({ status }) => status !== 'disabled');
  const disabled = selected.filter(({ status }) => status === 'disabled');
  const expiring = selected.filter(({ expiresAt }) => expiresAt);
  const button = (name, label, onClick, needs = 'support') => html`<${Button} needs=${needs} busy=${busy === name} disabled=${busy !== null && busy !== name}
      onClick=${onClick}>${label}</${Button}>`;
  return html`<div class="selection" role="region" aria-label="Selection">
      <span>${plural(selected.length, 'license')} selected</span>
      <${Button} kind="quiet" onClick=${onClose}>Clear selection</${Button}>
      ${enabled.length > 0 && button('disable', 'Disable', () =>
        run('disable', 'Disabled', enabled, setDisabled(true), setDisabled(false)))}
      ${disabled.length > 0 && button('enable', 'Enable', () =>
        run('enable', 'Enabled', disabled, setDisabled(false), setDisabled(true)))}
      ${expiring.length > 0 && button('extend', 'Extend', () => setDialog('extend'), 'member')}
      ${button('export', 'Export', exportAll, 'read_only')}
      <${Button} needs="member" kind="danger-quiet" icon="trash" disabled=${busy !== null} onClick=${() => setDialog('delete')}>Delete</${Button}>
    </div>
    ${dialog === 'extend' && html`<${Extend} licenses=${expiring} others=${selected.length - expiring.length}
      onClose=${() => setDialog(null)} run=${endOf =>
        run('extend', 'Extended', expiring, extend(endOf), expiring.some(isOver) ? null : restoreExpiry)} />`}
    ${dialog === 'delete' && html`<${DeleteMany} licenses=${selected} onClose=${() => setDialog(null)} run=${async () => {
      await run('delete', 'Deleted', selected, async before => ({ before, after: await remove(pathOf(before)) }));
      onClose();
    }} />`}`;
}

function Extend({ licenses, others, run, onClose }) {
  return html`<${Dialog} title=${`Extend ${plural(licenses.length, 'license')}`} onClose=${onClose}>
    <div class="dialog-body"><p>Choose how much later the licenses expire. For expired licenses, the time starts now.${licenses.some(isOver)
        && ' This includes expired licenses, so you can’t undo it.'}</p>
      ${others > 0 && html`<p class="faint">${plural(others, 'selected license never expires and stays unchanged.',
        'selected licenses never expire and stay unchanged.')}</p>`}</div>
    <footer class="dialog-foot"><${Button} onClick=${onClose}>Cancel</${Button}>
      ${TERMS.map(([text, endOf]) => html`<${Button} key=${text} kind="primary" onClick=${() => {
        onClose();
        run(endOf);
      }}>${text}</${Button}>`)}</footer>
  </${Dialog}>`;
}

/** Deletion cannot be undone, so the user types how many licenses go. */
function DeleteMany({ licenses, run, onClose }) {
  const [typed, setTyped] = useState('');
  const id = useId();
  const phrase = 'delete ' + licenses.length;
  return html`<${Confirm} title=${`Delete ${plural(licenses.length, 'license')}?`} action=${`Delete ${plural(licenses.length, 'license')}`}
      disabled=${typed.trim() !== phrase} onClose=${onClose} run=${run}>
    <p>Their keys no longer validate, and their devices are removed. This cannot be undone.</p>
    <ul class="plain-list">${licenses.slice(0, 5).map(license => html`<li key=${license.id}>${license.name}</li>`)}
      ${licenses.length > 5 && html`<li class="rest">and ${number(licenses.length - 5)} more</li>`}</ul>
    <div class="field"><label for=${id}>Type <code>${phrase}</code> to confirm</label>
      <input id=${id} value=${typed} autocomplete="off" spellcheck=${false} onInput=${event => setTyped(event.target.value)} /></div>
  </${Confirm}>`;
}
