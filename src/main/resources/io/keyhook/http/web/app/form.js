// Forms: their values, errors and submission.
import { html, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { Button, Confirm, Dialog, Notice } from './ui.js';
import { useId } from './use.js';

/**
 * @param initial the initial values by field
 * @param submit called with the values and the initial values. An error that it throws is shown, at its field if it names one. It may
 *     return false if it sends nothing because the user has to decide first
 * @param check takes the same and returns messages by field before anything is sent; optional
 */
export function useForm(initial, submit, check = () => ({})) {
  const [values, setValues] = useState(initial);
  const [fields, setFields] = useState({});
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [isUnsure, setUnsure] = useState(false);
  const element = useRef();
  const { current: first } = useRef(initial);
  // the latest values, even before they are rendered
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
      if (await submit(values, first) !== false) {
        setUnsure(false);
      }
    } catch (e) {
      setUnsure(isUnsure => isUnsure || Boolean(e.isUnsure));
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
    /** Whether Keyhook may have saved what was submitted, though the response was lost. */
    isUnsure,
    isChanged: JSON.stringify(values) !== JSON.stringify(first),
    /** @param value the new value, or a function from the old value to the new one */
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

/** The error of a form that belongs to none of its fields. */
export function FormError({ form }) {
  return form.error && html`<${Notice} tone="bad" role="alert">${form.error.message}
    ${form.error.errors?.length > 0 && html`<ul>${form.error.errors.map(({ field, message }) =>
      html`<li key=${field}>${field}: ${message}</li>`)}</ul>`}</${Notice}>`;
}

/** @param live returns the problem with the current value, or '' if there is none */
export function Field({ form, name, label, hint, live, optional, autofocus, as = 'input', children, suffix, ...input }) {
  const id = useId();
  const element = useRef();
  // during rendering: later, it would take the focus from an input that the user has begun to type into
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

/** Capitalizes a message: the API's begin with a verb, such as "must be ...". */
const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * A form in a dialog. The dialog stays open until the response arrives, because some responses contain a secret that no other
 * one does. Escape and Close ask before they discard changes; Cancel does not.
 */
export function FormDialog({ form, title, wide, action, onClose, children }) {
  // which question is open, counted from 1: a new one is drawn above a dialog that the browser closed and that opened again
  const [leaving, setLeaving] = useState(0);
  const asked = useRef(0);
  const close = () => form.isChanged ? setLeaving(++asked.current) : onClose();
  return html`<${Dialog} title=${title} wide=${wide} firm=${form.busy} asks=${form.isChanged} onClose=${close}><${Form} form=${form}>
    <div class="dialog-body"><${FormError} form=${form} />${children}</div>
    <footer class="dialog-foot">
      <${Button} disabled=${form.busy} onClick=${onClose}>Cancel</${Button}>
      <${Button} type="submit" kind="primary" busy=${form.busy}>${action}</${Button}>
    </footer>
  </${Form}>${leaving > 0 && html`<${Confirm} key=${leaving} title="Discard what you typed?" action="Discard"
      cancel="Keep editing" run=${onClose} onClose=${() => setLeaving(0)}><p>${form.isUnsure
        ? 'Keyhook may have saved it already: its response was lost.' : 'None of it has been saved.'}</p></${Confirm}>`}</${Dialog}>`;
}

/** A select in a bar of filters. */
export function Filter({ label, value, options, onChange }) {
  const id = useId();
  return html`<div class="filter"><label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${event => onChange(event.target.value)}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select></div>`;
}

/** Milliseconds from the last keystroke to the change. */
const TYPING = 250;

/** An input in a bar of filters. @param lazy reports a change on Enter or when the input loses the focus, not while typing */
export function FilterInput({ label, value, onChange, lazy, ...input }) {
  const id = useId();
  const element = useRef();
  const timer = useRef(null);
  const reported = useRef(null);
  const listener = useRef(onChange);
  listener.current = onChange;
  const report = () => {
    reported.current = element.current.value;
    listener.current(reported.current);
  };
  const reportSoon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(report, TYPING);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  // during rendering: later, it would discard what the user has typed since
  useLayoutEffect(() => {
    if (value !== reported.current) { // changed elsewhere, or the reported value was replaced
      clearTimeout(timer.current);
      reported.current = value;
      element.current.value = value;
    }
  }, lazy ? undefined : [value]);
  return html`<div class="filter"><label for=${id}>${label}</label>
    <input id=${id} ref=${element} autocomplete="off" ...${input} ...${lazy ? { onChange: report }
        : { onInput: reportSoon }} /></div>`;
}
