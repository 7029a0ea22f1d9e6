// Forms: what is typed, what is wrong with it, and whether it is on its way.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { Button, Confirm, Dialog, Notice } from './ui.js';
import { useId } from './use.js';

/**
 * @param initial the fields and what they hold at first
 * @param submit called with the values, and those at first; what it throws is shown, at the field where it names one
 * @param check of the same, gives messages by field before anything is sent; may be left out
 */
export function useForm(initial, submit, check = () => ({})) {
  const [values, setValues] = useState(initial);
  const [fields, setFields] = useState({});
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const element = useRef();
  const { current: first } = useRef(initial);
  // what was typed last, also before it is drawn
  const latest = useRef(initial);

  const refuse = fields => {
    setFields(fields);
    setTimeout(() => element.current?.querySelector('[aria-invalid="true"]')?.focus());
  };
  const onSubmit = async event => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const values = latest.current;
    const wrong = Object.fromEntries(Object.entries(check(values, first)).filter(([, message]) => message));
    setError(null);
    if (Object.keys(wrong).length) {
      refuse(wrong);
      return;
    }
    setFields({});
    setBusy(true);
    try {
      await submit(values, first);
    } catch (e) {
      const known = Object.fromEntries(Object.entries(e.fields ?? {}).filter(([name]) => name in values));
      const elsewhere = (e.errors ?? []).filter(({ field }) => !(field in values));
      setError(Object.keys(known).length && !elsewhere.length ? null : e);
      refuse(known);
    } finally {
      setBusy(false);
    }
  };
  return {
    values, fields, error, busy, element, onSubmit,
    isChanged: JSON.stringify(values) !== JSON.stringify(first),
    /** @param value the new one, or a function from the one before to it */
    set: (name, value) => {
      const next = typeof value === 'function' ? value(latest.current[name]) : value;
      latest.current = { ...latest.current, [name]: next };
      setValues(latest.current);
      setFields(({ [name]: _, ...others }) => others);
    },
  };
}

export function Form({ form, children, ...rest }) {
  return html`<form ref=${form.element} novalidate onSubmit=${form.onSubmit} ...${rest}>${children}</form>`;
}

/** What no field is to blame for. */
export function FormError({ form }) {
  return form.error && html`<${Notice} tone="bad" role="alert">${form.error.message}
    ${form.error.errors?.length > 0 && html`<ul>${form.error.errors.map(({ field, message }) =>
      html`<li key=${field}>${field}: ${message}</li>`)}</ul>`}</${Notice}>`;
}

/** @param live tells at once what is wrong with what is typed: '' where nothing is */
export function Field({ form, name, label, hint, live, optional, autofocus, as = 'input', children, suffix, ...input }) {
  const id = useId();
  const element = useRef();
  // with the drawing: later, it would take the focus from what a person has begun to type into
  useLayoutEffect(() => {
    if (autofocus) {
      element.current.focus();
    }
  }, []);
  const [left, setLeft] = useState(false);
  const value = form.values[name];
  const wrong = form.fields[name] ?? (live && value !== '' && left ? live(value) : '');
  const described = [hint && id + 'h', wrong && id + 'e'].filter(Boolean).join(' ') || undefined;
  return html`<div class="field">
    <label for=${id}>${label}${optional && html` <span class="faint">optional</span>`}</label>
    <div class="input-row"><${as} id=${id} ref=${element} name=${name} value=${value} aria-invalid=${wrong
        ? 'true' : undefined} autofocus=${autofocus}
      aria-describedby=${described} onInput=${event => form.set(name, event.target.value)} onBlur=${() => setLeft(true)}
      autocomplete="off" ...${input}>${children}</${as}>${suffix}</div>
    ${hint && html`<div class="hint" id=${id + 'h'}>${hint}</div>`}
    <div class="field-error" id=${id + 'e'} aria-live="polite">${wrong ? sentence(wrong) : ''}</div>
  </div>`;
}

/** Keyhook says "must be ...", after a field's name. */
const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * A form in a dialog, which stays until Keyhook has answered: some answers tell what no other will. Escape and Close ask before
 * they discard what was typed; Cancel says it itself.
 */
export function FormDialog({ form, title, wide, action, onClose, children }) {
  const [leaving, setLeaving] = useState(false);
  const close = () => form.isChanged ? setLeaving(true) : onClose();
  return html`<${Dialog} title=${title} wide=${wide} firm=${form.busy} asks=${form.isChanged} onClose=${close}><${Form} form=${form}>
    <div class="dialog-body"><${FormError} form=${form} />${children}</div>
    <footer class="dialog-foot">
      <${Button} disabled=${form.busy} onClick=${onClose}>Cancel</${Button}>
      <${Button} type="submit" kind="primary" busy=${form.busy}>${action}</${Button}>
    </footer>
  </${Form}>${leaving && html`<${Confirm} title="Discard what you typed?" action="Discard"
      cancel="Keep editing" run=${onClose} onClose=${() => setLeaving(false)}><p>None of it has been saved.</p></${Confirm}>`}</${Dialog}>`;
}

/** A choice in a bar of filters. */
export function Filter({ label, value, options, onChange }) {
  const id = useId();
  return html`<div class="filter"><label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${event => onChange(event.target.value)}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select></div>`;
}

/** Until nothing more is typed. */
const TYPING = 250;

/** Any input in a bar of filters: tells what is typed. @param lazy waits until it is left, or Enter is pressed */
export function FilterInput({ label, value, onChange, lazy, ...input }) {
  const id = useId();
  const element = useRef();
  const timer = useRef(null);
  const told = useRef(null);
  const listener = useRef(onChange);
  listener.current = onChange;
  const tell = () => {
    told.current = element.current.value;
    listener.current(told.current);
  };
  const tellSoon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(tell, TYPING);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  // with the drawing: later, it would take away what a person has typed since
  useLayoutEffect(() => {
    if (value !== told.current) { // it was changed elsewhere, or what was told has become something else
      clearTimeout(timer.current);
      told.current = value;
      element.current.value = value;
    }
  }, lazy ? undefined : [value]);
  return html`<div class="filter"><label for=${id}>${label}</label>
    <input id=${id} ref=${element} autocomplete="off" ...${input} ...${lazy ? { onChange: tell }
        : { onInput: tellSoon }} /></div>`;
}
