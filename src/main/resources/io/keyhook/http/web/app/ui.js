// Components for all pages.
import { createContext, html, useContext, useEffect, useLayoutEffect, useRef, useState } from './preact.js';
import { useMay } from './context.js';
import { ago, dateTime, number } from './format.js';
import { Icon } from './icons.js';
import { Json, parseExact } from './json.js';
import { useId, useNow } from './use.js';

let arrived = false;

/**
 * The header of a page. Its heading takes the focus when the user comes from another page.
 *
 * @param mono the title is a URL or the like
 */
export function PageHead({ title, mono, badge, back, children }) {
  const heading = useRef();
  // during rendering: later, it would take the focus from an input that the user has begun to type into
  useLayoutEffect(() => {
    if (arrived) {
      heading.current.focus({ preventScroll: true });
    }
    arrived = true;
  }, []);
  useTitle(title);
  return html`<header class="page-head">
    ${back && html`<a class="back" href=${back.href} onClick=${back.onClick}><${Icon} name="left" />${back.label}</a>`}
    <div class="page-title">
      <h1 tabindex="-1" ref=${heading} class=${mono ? 'mono' : undefined}>${mono ? html`<${Url} of=${title} />`
          : title}</h1>
      ${badge}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`;
}

/** A URL or an e-mail address that may break at its punctuation. */
export function Url({ of }) {
  return of.split(/(?<=[/?&=#._-])(?!\/)|(?=@)/).map((part, i) => html`${i > 0 && html`<wbr />`}${part}`);
}

export function useTitle(title) {
  useEffect(() => {
    document.title = title + ' – Keyhook';
  }, [title]);
}

/**
 * @param kind primary, danger, or none for an ordinary one; `quiet` has no border
 * @param needs the role that the action needs: others do not see the button
 */
export function Button({ kind = '', icon, busy, disabled, needs, children, ...rest }) {
  if (!useMay(needs)) {
    return null;
  }
  const off = busy || disabled;
  return html`<button type="button" ...${rest} class=${'button ' + kind} aria-disabled=${off ? 'true' : undefined}
    aria-busy=${busy ? 'true' : undefined} onClick=${event => {
      if (off) {
        event.preventDefault();
      } else {
        rest.onClick?.(event);
      }
    }}>${busy ? html`<span class="spinner" aria-hidden="true"></span>` : icon && html`<${Icon} name=${icon} />`}
    ${children}</button>`;
}

export function ButtonLink({ kind = '', icon, needs, children, ...rest }) {
  return useMay(needs) && html`<a ...${rest} class=${'button ' + kind}>${icon && html`<${Icon} name=${icon} />`}${children}</a>`;
}

/** @param tone good, bad, warn, info or quiet */
export function Badge({ tone = 'quiet', children }) {
  return html`<span class=${'badge ' + tone}>${children}</span>`;
}

export function StatusBadge({ words, status }) {
  const [label, tone] = words[status] ?? [status, 'quiet'];
  return html`<${Badge} tone=${tone}>${label}</${Badge}>`;
}

/** @param tone as a badge's */
export function Notice({ tone = 'info', title, action, children, ...rest }) {
  return html`<div class=${'notice ' + tone} ...${rest}>
    <${Icon} name=${tone === 'good' ? 'check' : tone === 'info' ? 'info' : 'alert'} />
    <div class="notice-text">${title && html`<strong>${title}</strong>`}${children && html`<div>${children}</div>`}</div>
    ${action && html`<div class="notice-action">${action}</div>`}
  </div>`;
}

/** A relative time with the exact time as its tooltip. @param ahead as for {@link ago} */
export function Time({ at, ahead, none = 'Never' }) {
  useNow(30_000);
  return at ? html`<time datetime=${at} title=${dateTime(at)}>${ago(at, ahead)}</time>` : html`<span
      class="faint">${none}</span>`;
}

/** Changes how many of the dialogs in a page hold what would be lost with them. */
const Held = createContext(() => {});

/**
 * Shows a skeleton while data loads, an error if that fails, or the children with the data.
 *
 * @param head shown above while there is no data
 * @param gone what is said if it is there no longer when it is loaded again. The children stay while one of their dialogs holds
 *     what the user typed: it is modal, so they are out of reach
 * @param back a link to the list that it was in
 */
export function Loaded({ of, lines = 6, head, gone, back, children }) {
  const { data, error, reload } = of;
  const [held, setHeld] = useState(0);
  const isThere = data !== null && data !== undefined;
  const isGone = isThere && Boolean(gone) && error?.status === 404;
  const isHeld = isGone && held > 0;
  useEffect(() => {
    if (isHeld) {
      announce(gone + '. Copy what you want to keep.', 'bad');
    }
  }, [isHeld]);
  if (isThere && (!isGone || isHeld)) {
    const shown = html`<${Stale} of=${of} />${children(data)}`;
    return gone ? html`<${Held.Provider} value=${setHeld}>${shown}</${Held.Provider}>` : shown;
  }
  return html`${head}${isGone ? html`<${Empty} icon="trash" title=${gone}
      action=${html`<${ButtonLink} href=${back.href}>Go to ${back.label.toLowerCase()}</${ButtonLink}>`} />`
    : error ? html`<${Failed} error=${error} retry=${reload} />`
    : html`<${Skeleton} lines=${lines} />`}`;
}

/** Shown above data that could not be refreshed; the frame reports a lost connection. @param what names the data */
export function Stale({ of: { error, reload }, what = 'this' }) {
  return error && error.code !== 'OFFLINE' && html`<${Notice} tone="bad" role="alert"
      title=${'Couldn’t refresh ' + what}
      action=${html`<${Button} kind="small" onClick=${reload}>Try again</${Button}>`}>${error.message}</${Notice}>`;
}

export function Skeleton({ lines = 6 }) {
  return html`<div class="skeleton" role="status"><span class="sr">Loading…</span>
    ${Array.from({ length: lines }, (_, i) => html`<span key=${i} class="skeleton-line"></span>`)}</div>`;
}

export function Failed({ error, retry }) {
  const missing = error.status === 404;
  const upgrade = error.code === 'PLAN_UPGRADE_REQUIRED';
  const title = missing ? 'Not found' : error.code === 'ROLE_REQUIRED' ? 'Your role does not allow this' : upgrade ? 'Your plan does not include this'
    : error.code === 'OFFLINE' ? 'No connection' : 'Couldn’t load this page';
  return html`<div class="state" role="alert">
    <${Icon} name=${upgrade ? 'plan' : 'alert'} />
    <h2>${title}</h2>
    <p>${missing ? 'It may have been deleted, or belong to another account.' : error.message}</p>
    ${upgrade ? html`<${ButtonLink} href="#/plan" kind="primary">View plans</${ButtonLink}>`
      : missing ? html`<${ButtonLink} href="#/">Go to overview</${ButtonLink}>`
      : retry && html`<${Button} icon="repeat" onClick=${retry}>Try again</${Button}>`}
  </div>`;
}

/** Shown for an empty list: the reason and the next step. */
export function Empty({ icon, title, children, action }) {
  return html`<div class="state"><${Icon} name=${icon} /><h2>${title}</h2>
    ${children && html`<p>${children}</p>`}${action}</div>`;
}

/**
 * @param edge `bad` if the card needs attention
 * @param screen whether it is left out in print
 */
export function Card({ title, action, edge, screen, children }) {
  const id = useId();
  return html`<section class=${'card' + (edge ? ' edge-' + edge : '') + (screen ? ' screen' : '')} aria-labelledby=${title ? id : undefined}>
    ${title && html`<header class="card-head"><h2 id=${id}>${title}</h2>${action}</header>`}
    ${children}
  </section>`;
}

/** A list of names and values. */
export function Facts({ of }) {
  return html`<dl class="facts">${of.filter(Boolean).map(([name, value]) =>
    html`<div key=${name}><dt>${name}</dt><dd>${value ?? html`<span class="faint">–</span>`}</dd></div>`)}</dl>`;
}

/**
 * Rows of a list; a list of cards on a narrow screen.
 *
 * @param columns {name, cell: row => content, numeric, className, hidden: whether only screen readers get the name}
 * @param selected the keys of the selected rows; without it, rows cannot be selected
 * @param onSelect takes a function from the old selection to the new one
 * @param current the key of the row that is shown beside the list
 */
export function Table({ label, columns, rows, rowKey = row => row.id, busy, selected, onSelect, rowName, current }) {
  const all = selected && rows.length > 0 && rows.every(row => selected.has(rowKey(row)));
  const toggle = (keys, on) => onSelect(selected => {
    const next = new Set(selected);
    keys.forEach(key => on ? next.add(key) : next.delete(key));
    return next;
  });
  return html`<div class="table-wrap" aria-busy=${busy ? 'true' : 'false'}>
    <table class="table" role="table" aria-label=${label}>
      <thead role="rowgroup"><tr role="row">
        ${selected && html`<th role="columnheader" class="select"><input type="checkbox"
            aria-label="Select all on this page"
          checked=${all} onChange=${event => toggle(rows.map(rowKey), event.target.checked)} /></th>`}
        ${columns.map(column => html`<th key=${column.name} role="columnheader" scope="col"
          class=${classes(column)}>${column.hidden ? html`<span class="sr">${column.name}</span>` : column.name}</th>`)}
      </tr></thead>
      <tbody role="rowgroup">${rows.map(row => html`<tr role="row" key=${rowKey(row)}
          aria-current=${current && rowKey(row) === current ? 'true' : undefined}
          class=${selected?.has(rowKey(row)) ? 'selected' : undefined}>
        ${selected && html`<td role="cell" class="select"><input type="checkbox" aria-label=${'Select ' + rowName(row)}
          checked=${selected.has(rowKey(row))} onChange=${event => toggle([rowKey(row)], event.target.checked)} /></td>`}
        ${columns.map(column => html`<td key=${column.name} role="cell" data-name=${column.hidden ? undefined : column.name}
          class=${classes(column)}>${column.cell(row)}</td>`)}
      </tr>`)}</tbody>
    </table>
  </div>`;
}

const classes = column => [column.numeric && 'numeric', column.className].filter(Boolean).join(' ') || undefined;

function Pager({ pages, label }) {
  if (pages.isFirst && !pages.next) {
    return null;
  }
  return html`<nav class="pager" aria-label=${'Pages of ' + label}>
    ${pages.isFirst || pages.previous ? html`<${Button} icon="left" disabled=${!pages.previous}
        onClick=${() => pages.previous()}>Previous</${Button}>`
      : html`<${Button} icon="left" onClick=${pages.first}>First page</${Button}>`}
    <span class="faint" aria-live="polite">${pages.page && `Page ${pages.page}`}</span>
    <${Button} disabled=${!pages.next} onClick=${() => pages.next()}>Next<${Icon} name="right" /></${Button}>
  </nav>`;
}

/** A list with all its states. @param filtered whether an empty list means that nothing matches @param lines of its skeleton */
export function PagedTable({ pages, filtered, lines = 8, empty, onClear, ...table }) {
  if (!pages.rows) {
    return pages.error ? html`<${Failed} error=${pages.error} retry=${pages.reload} />${!pages.isFirst
        && html`<${Pager} pages=${pages} label=${table.label} />`}` : html`<${Skeleton} lines=${lines} />`;
  }
  const isEmpty = pages.rows.length === 0 && pages.isCurrent;
  return html`<${Stale} of=${pages} what="the list" />
    ${!isEmpty ? html`<${Table} rows=${pages.rows} busy=${pages.loading || !pages.isCurrent && !pages.error} ...${table} />`
      : pages.next ? html`<${Empty} icon="search" title="No matches so far"
          action=${html`<${Button} onClick=${pages.next}>Load older</${Button}>`}>None of the newest entries match. Older ones
          may.</${Empty}>`
      : !pages.isFirst ? html`<${Empty} icon="search" title="No more results" />`
      : filtered ? html`<${Empty} icon="search" title="No matches"
          action=${html`<${Button} onClick=${onClear}>Clear filters</${Button}>`}>Try other filters, or fewer.</${Empty}>`
      : empty}
    ${!(isEmpty && pages.isFirst) && html`<${Pager} pages=${pages} label=${table.label} />`}`;
}

/**
 * A modal dialog. It holds the focus and closes with Escape unless it is `firm`, which may change.
 *
 * @param asks whether `onClose` may leave it open, and what the user typed would be lost with it
 */
export function Dialog({ title, onClose, wide, firm, asks, children }) {
  const id = useId();
  const dialog = useRef();
  const setHeld = useContext(Held);
  useEffect(() => {
    if (asks) {
      setHeld(held => held + 1);
      return () => setHeld(held => held - 1);
    }
  }, [asks]);
  const onKeyDown = event => {
    if (firm && event.key === 'Escape') {
      event.preventDefault();
    }
  };
  const onCancel = event => {
    if (event.target !== dialog.current) {
      return; // canceling the choice of a file keeps the dialog open
    }
    event.preventDefault();
    if (!firm) {
      onClose();
    }
  };
  // a browser may close it without asking, as Chromium does at a second Escape
  const onClosed = () => {
    if (!dialog.current?.isConnected) {
      return;
    }
    if (firm || asks) {
      dialog.current.showModal();
    }
    if (!firm) {
      onClose();
    }
  };
  useLayoutEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close(); // returns the focus to where it was
  }, []);
  return html`<dialog ref=${dialog} class=${wide ? 'wide' : undefined} aria-labelledby=${id}
      closedby=${firm ? 'none' : 'closerequest'} onKeyDown=${onKeyDown} onCancel=${onCancel} onClose=${onClosed}>
    <header class="dialog-head"><h2 id=${id}>${title}</h2>
      ${!firm && html`<button type="button" class="icon-button" aria-label="Close" onClick=${onClose}><${Icon}
          name="close" /></button>`}
    </header>
    ${children}
    <${Toasts} />
  </dialog>`;
}

/**
 * A dialog whose module is loaded only now, because few visits need it.
 *
 * @param load imports the module
 * @param name of the component in it, which gets all other properties and `onClose`
 */
export function Later({ load, name, onClose, ...rest }) {
  const [module, setModule] = useState(null);
  useEffect(() => {
    let current = true;
    load().then(loaded => current && setModule(loaded), () => {
      if (current) {
        announce('Couldn’t load this dialog. Check your connection, then reload the page.', 'bad');
        onClose();
      }
    });
    return () => {
      current = false;
    };
  }, []);
  return module && html`<${module[name]} onClose=${onClose} ...${rest} />`;
}

/** A page whose module is loaded only now. @param load imports the module @param name of the component in it */
export function LaterPage({ load, name, ...rest }) {
  const [module, setModule] = useState(null);
  const [error, setError] = useState(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let current = true;
    setError(null);
    load().then(loaded => current && setModule(loaded), () => current && setError({
      message: 'Check your connection, then reload the page.',
    }));
    return () => {
      current = false;
    };
  }, [tries]);
  return module ? html`<${module[name]} ...${rest} />` : error ? html`<${Failed} error=${error} retry=${() => setTries(tries + 1)} />`
    : html`<${Skeleton} />`;
}

/** Asks for confirmation of an action that cannot be undone. @param disabled whether it is not confirmed yet */
export function Confirm({ title, action, cancel = 'Cancel', kind = 'danger', disabled, run, onClose, children }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await run();
      onClose();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} firm=${busy} onClose=${onClose}>
    <div class="dialog-body">${children}${error && html`<${Notice} tone="bad"
        role="alert">${error.message}</${Notice}>`}</div>
    <footer class="dialog-foot">
      <${Button} autofocus disabled=${busy} onClick=${onClose}>${cancel}</${Button}>
      <${Button} kind=${kind} busy=${busy} disabled=${disabled} onClick=${confirm}>${action}</${Button}>
    </footer>
  </${Dialog}>`;
}

const COPIED = 2000;

/** Copies text. Without access to the clipboard, it selects the text so that the user can copy it. */
export function Copy({ text, what, source }) {
  const [done, setDone] = useState(null);
  useEffect(() => {
    const timer = done && setTimeout(() => setDone(null), COPIED);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('Copied');
    } catch {
      getSelection().selectAllChildren(source.current);
      setDone('Press Ctrl+C');
    }
  };
  return html`<button type="button" class="button small" onClick=${copy}
      aria-label=${done ? undefined : 'Copy ' + what}>
    <${Icon} name=${done === 'Copied' ? 'check' : 'copy'} /><span aria-live="polite">${done ?? 'Copy'}</span></button>`;
}

/** An ID, with a button that copies it. */
export function IdText({ of }) {
  const code = useRef();
  return html`<span class="id-text"><code class="breakable" ref=${code}>${of}</code><${Copy} text=${of} what="ID"
      source=${code} /></span>`;
}

/** A key or a secret, with a button to copy it. */
export function Secret({ text, what }) {
  const code = useRef();
  return html`<div class="secret"><code ref=${code}>${text}</code><${Copy} text=${text} what=${what}
      source=${code} /></div>`;
}

/** Text in a fixed-width font; JSON gets colors and can be folded. @param raw whether JSON is shown as it is */
export function Code({ text, label, copy = true, raw = false }) {
  const code = useRef();
  const json = raw ? null : parseExact(text);
  return html`<div class="code">
    <pre tabindex="0" role="group" aria-label=${label}><code ref=${code}>${json ? html`<${Json} value=${json} />` : text}</code></pre>
    ${copy && html`<${Copy} text=${text} what=${label} source=${code} />`}
  </div>`;
}

/** A choice of one among several visible options. */
export function Segments({ label, options, value, onChange }) {
  const name = useId();
  return html`<fieldset class="segments"><legend class="sr">${label}</legend>
    ${options.map(([key, text]) => html`<label key=${key}>
      <input type="radio" name=${name} value=${key} checked=${key === value}
          onChange=${() => onChange(key)} /><span>${text}</span></label>`)}
  </fieldset>`;
}

/** The used share of a limit. */
export function Meter({ label, used, max }) {
  const share = max ? used / max : 0;
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : '';
  return html`<div class="meter-row"><div class="meter-text"><span>${label}</span>
      <span class="faint">${max === null ? `${number(used)} · unlimited` : max === 0 ? 'Not included in your plan'
          : `${number(used)} of ${number(max)}`}</span></div>
    ${max > 0 && html`<div class=${'meter ' + tone} role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax=${max}
      aria-valuenow=${used}><span style=${{ width: Math.min(100, share * 100) + '%' }}></span></div>`}
  </div>`;
}

/** The places that can show a toast. The last one shows it: everything outside a modal dialog is inert, so each dialog has one. */
const hosts = [];
let toast = null;
let toastTimer = null;

const drawToast = () => hosts.forEach(draw => draw(hosts[hosts.length - 1] === draw ? toast : null));

function showToast(next) {
  clearTimeout(toastTimer);
  toastTimer = next && setTimeout(() => showToast(null), next.action ? ACTION_TOAST : TOAST);
  toast = next;
  drawToast();
}

/**
 * Shows a result, and announces it to screen readers.
 *
 * @param tone good, bad or info
 * @param action {label, run}: a button that is shown with it; null: none
 */
export function announce(text, tone = 'info', action = null) {
  showToast({ text, tone, action });
}

const TOAST = 6_000;
/** A toast with a button stays longer. */
const ACTION_TOAST = 15_000;

/** Shows the toasts of {@link announce}: one around the pages, and one in each dialog. */
export function Toasts() {
  const [shown, setShown] = useState(null);
  useEffect(() => {
    hosts.push(setShown);
    drawToast();
    return () => {
      hosts.splice(hosts.indexOf(setShown), 1);
      drawToast();
    };
  }, []);
  return html`<div class="toasts" role="status" aria-live="polite">${shown && html`<div class=${'toast ' + shown.tone}>
    <${Icon} name=${shown.tone === 'good' ? 'check' : shown.tone === 'bad' ? 'alert' : 'info'} /><span>${shown.text}</span>
    ${shown.action && html`<button type="button" class="toast-action" onClick=${() => {
      showToast(null);
      shown.action.run();
    }}>${shown.action.label}</button>`}
    <button type="button" class="icon-button" aria-label="Dismiss" onClick=${() => showToast(null)}><${Icon}
        name="close" /></button>
  </div>`}</div>`;
}
