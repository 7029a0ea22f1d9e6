// Forms that edit what others may edit at the same time.
import { html, useEffect, useRef, useState } from '../app/preact.js';
import { get, loadAgain } from '../app/api.js';
import { useForm } from '../app/form.js';
import { Button, Notice } from '../app/ui.js';
import { fieldName } from '../app/words.js';

/** The order of a list, such as one of events, has no meaning. */
const normal = value => JSON.stringify(Array.isArray(value) ? [...value].sort() : value);
const same = (a, b) => normal(a) === normal(b);

/**
 * A form that edits an object of the API. Before it saves, it loads the object again: what others changed in the meantime stays
 * unless the user changed it, too. What both changed is shown, and saved only when the user saves again. So is a secret that the
 * user replaces, if the object has changed at all: the API does not return secrets. An object without `updatedAt`, such as the
 * user's own alerts, gives no sign of another secret.
 *
 * @param path of the object; null: it does not exist yet
 * @param of the object when the form is opened
 * @param valuesOf returns the form's values for an object
 * @param save called with the values to save, and the object as it is now
 * @param replacesSecret whether a field, by its name, the form's values and the object as it is now, replaces a saved secret; optional
 * @param merges functions by field that merge what has parts, as {@link mergeHeaders} does; optional
 * @param whole returns what a field, by its name, is a part of: a part is the user’s if they changed any of it; optional
 * @param check as useForm’s; its third argument are the object’s latest known values
 * @param initial the values to begin with, where they are not the object's
 * @returns as useForm; `theirs` has the conflicts for {@link Conflicts}
 */
export function useEdit({ path, of, valuesOf, initial, save, check, whole = name => name, merges = {},
    replacesSecret = () => false }) {
  const known = useRef(valuesOf(of));
  const updatedAt = useRef(of.updatedAt);
  const [theirs, setTheirs] = useState([]);
  const form = useForm(initial ?? known.current, async values => {
    const current = path ? await load(path) : of;
    const before = known.current;
    const now = valuesOf(current);
    const names = Object.keys(values);
    const changed = names.filter(name => !same(values[name], before[name]));
    const mine = new Set(changed.map(whole));
    const isMine = name => mine.has(whole(name));
    const parts = Object.fromEntries(changed.filter(name => merges[name])
      .map(name => [name, merges[name](values[name], before[name], now[name])]));
    const both = names.filter(name => parts[name]?.isConflict ?? (isMine(name) && !same(now[name], before[name])
      && !same(now[name], values[name])));
    const unseen = current.updatedAt === updatedAt.current ? []
      : changed.filter(name => !both.includes(name) && replacesSecret(name, values, current));
    const merged = Object.fromEntries(names.map(name => [name, parts[name]?.mine ?? (isMine(name) ? values[name] : now[name])]));
    known.current = now;
    updatedAt.current = current.updatedAt;
    Object.entries(merged).forEach(([name, value]) => form.set(name, value));
    setTheirs([...both, ...unseen].map(name => ({ name, value: parts[name]?.theirs ?? now[name], isUnseen: unseen.includes(name) })));
    if (both.length || unseen.length) {
      return false;
    }
    return save(merged, current);
  }, check && ((values, first) => check(values, first, known.current)));
  return { ...form, theirs, take: ({ name, value }) => {
    form.set(name, value);
    setTheirs(theirs => theirs.filter(other => other.name !== name));
  } };
}

async function load(path) {
  try {
    return await get(path);
  } catch (e) {
    if (e.status === 404) {
      e.message = 'Someone deleted this while you were editing it. Copy what you want to keep.';
      loadAgain();
    }
    throw e;
  }
}

const nameOfItem = item => item.name ?? item;

/**
 * What others changed that the user changed, too.
 *
 * @param what names the object
 * @param title says what happened, where it is not the usual
 * @param nameOf returns a text, or an item of a list, in words; called with it and the field’s name
 * @param action the label of the button that saves
 */
export function Conflicts({ form, what, title = `Someone changed this ${what} while you were editing it`, nameOf = nameOfItem,
    action = 'Save' }) {
  const top = useRef();
  useEffect(() => top.current?.focus(), [form.theirs]); // scrolls to it
  return form.theirs.length > 0 && html`<div tabindex="-1" ref=${top}><${Notice} tone="warn" role="alert"
      title=${form.isUnsure ? 'The saved values changed while you were editing them' : title}>
    <p>${form.isUnsure ? 'This may be your last request, whose response was lost.' : 'Nothing is saved yet.'} Choose ${action} again to replace ${form.isUnsure ? 'what is saved' : 'their changes'} with yours, or use ${form.isUnsure ? 'what is saved' : 'theirs'}:</p>
    <ul class="rows">${form.theirs.map(change => html`<li key=${change.name}><div class="grow"><strong>${label(form, change.name)}</strong>
      <div class="breakable">${text(form, change, nameOf)}</div></div>
      <${Button} kind="small" aria-label=${'Use theirs: ' + label(form, change.name)} onClick=${() => form.take(change)}>Use theirs</${Button}></li>`)}</ul>
  </${Notice}></div>`;
}

const input = (form, name) => form.element.current?.querySelector(`[name="${name}"]`);

/** The label of a field, as the form shows it. */
const label = (form, name) => input(form, name)?.closest('.field, fieldset')?.querySelector('label, legend')?.firstChild.textContent
  ?? fieldName(name).replace(/^./, first => first.toUpperCase());

/** A value in words. */
function text(form, { name, value, isUnseen }, nameOf) {
  if (isUnseen) {
    return 'May have another saved value, which Keyhook does not show';
  }
  const option = [...input(form, name)?.options ?? []].find(option => option.value === value);
  return option ? option.text
    : Array.isArray(value) ? value.map(item => nameOf(item, name)).join(', ') || 'None'
    : typeof value === 'boolean' ? value ? 'On' : 'Off'
    : value && typeof value === 'object' ? Object.keys(value).join(', ') || 'None'
    : value ? nameOf(value, name) : 'Empty';
}
