// The command palette: finds pages, actions, licenses, webhooks, deliveries and team members. Ctrl+K or / opens it; ? lists the shortcuts.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from './preact.js';
import { get, getAll } from './api.js';
import { shortUrl } from './format.js';
import { Icon } from './icons.js';
import { to } from './router.js';
import { Dialog, Notice } from './ui.js';
import { useId } from './use.js';
import { LICENSE_STATUS, ROLE_NAMES } from './words.js';

/** Milliseconds between the last keystroke and the search. */
const PAUSE = 150;
/** Characters; the API's limit for a search. Only the URL of a webhook is longer. */
const LONGEST = 200;
const MOST_LICENSES = 6;
const MOST_WEBHOOKS = 4;
const MOST_MEMBERS = 4;

const KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';

const SHORTCUTS = [
  [[KEY, 'K'], 'Find anything'],
  [['/'], 'Find anything, while you are not typing'],
  [['?'], 'Show these shortcuts'],
  [['↑', '↓'], 'Move through the results, or to the next failure beside an open delivery'],
  [['Enter'], 'Open the selected result or the delivery'],
  [['Esc'], 'Close a dialog or the delivery'],
];

const isTyping = ({ target }) => target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);

/** The shortcut of a key press, or null. None works in an open dialog, because some dialogs show a secret only once. */
function shortcut(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector('dialog[open]')) {
    return null;
  }
  if (event.ctrlKey || event.metaKey) {
    return event.key.toLowerCase() === 'k' && !event.shiftKey ? 'find' : null;
  }
  return isTyping(event) ? null : event.key === '/' ? 'find' : event.key === '?' ? 'shortcuts' : null;
}

/**
 * Opens the palette and the list of shortcuts by their keys.
 *
 * @returns {[string|null, (string|null) => void]} `find`, `shortcuts` or null, and a function that changes it
 */
export function useShortcuts() {
  const [open, setOpen] = useState(null);
  // with the drawing: later, it would miss what is typed as soon as the page shows
  useLayoutEffect(() => {
    const onKeyDown = event => {
      const pressed = shortcut(event);
      if (pressed) {
        event.preventDefault();
        setOpen(pressed);
      }
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  return [open, setOpen];
}

const Keys = ({ of }) => html`<span class="keys">${of.map(key => html`<kbd key=${key}>${key}</kbd>`)}</span>`;

/** A button that opens the palette and shows its shortcut. */
export function FindButton({ onClick }) {
  return html`<button type="button" class="find-button" aria-label="Find anything" aria-keyshortcuts="Control+K Meta+K"
      onClick=${onClick}><${Icon} name="search" /><span>Find</span><${Keys} of=${[KEY, 'K']} /></button>`;
}

export function Shortcuts({ onClose }) {
  return html`<${Dialog} title="Keyboard shortcuts" onClose=${onClose}><div class="dialog-body">
    <dl class="facts shortcuts">${SHORTCUTS.map(([keys, what]) => html`<div key=${what}><dt>${what}</dt>
      <dd><${Keys} of=${keys} /></dd></div>`)}</dl></div></${Dialog}>`;
}

/** Gets a resource; null if it does not exist. */
const getIfThere = (path, signal) => get(path, {}, signal).catch(e => {
  if (e.status === 404 || e.status === 400) {
    return null;
  }
  throw e;
});

const licenseEntry = license => ({
  key: license.id, icon: 'licenses', title: license.name,
  detail: [license.key, license.customerName ?? license.customerEmail, license.status !== 'active'
      && LICENSE_STATUS[license.status]?.[0]].filter(Boolean).join(' · '),
  href: to('/licenses/' + license.id),
});

const webhookEntry = webhook => ({
  key: webhook.id, icon: 'webhooks', title: shortUrl(webhook.url), detail: webhook.description ?? webhook.id,
  href: to('/webhooks/' + webhook.id),
});

const deliveryEntry = delivery => ({
  key: delivery.id, icon: 'deliveries', title: delivery.event, detail: delivery.id, href: to('/deliveries/' + delivery.id),
});

const memberEntry = ({ id, name, email, role }) => ({
  key: id, icon: 'people', title: name ?? email, detail: [name && email, ROLE_NAMES[role][0]].filter(Boolean).join(' · '),
  href: to('/people', { member: id }),
});

/** Whether a text is the ID of a team member, begins words of the name or of the address before the @, or is a part of it with the @. */
const fitsMember = ({ id, name, email }, text) => text.includes('@') ? email.toLowerCase().includes(text)
  : text === id || matches([name ?? '', ...email.split('@')[0].split(/[._+-]/)].join(' '), text);

/** How to load the resource that an ID names, by the prefix of the ID. */
const BY_ID = [
  [/^lic_/, 'Licenses', 'api/licenses/', licenseEntry],
  [/^webhook_/, 'Webhooks', 'api/webhooks/', webhookEntry],
  [/^delivery_/, 'Deliveries', 'api/deliveries/', deliveryEntry],
];

/** The matching licenses, webhooks, deliveries and lists, as groups of entries. A `last` one comes after the actions and pages. */
async function find(text, webhooks, members, signal) {
  const id = text.toLowerCase();
  const known = BY_ID.find(([prefix]) => prefix.test(id));
  if (known) {
    const [, name, path, entry] = known;
    const found = await getIfThere(path + encodeURIComponent(id), signal);
    return [{ name, entries: found ? [entry(found)] : [] }];
  }
  const isLong = [...text].length > LONGEST;
  const [licenses, all, team] = await Promise.all([
    isLong ? { data: [] } : get('api/licenses', { search: text, limit: MOST_LICENSES }, signal), webhooks(), members()]);
  const fits = webhook => [webhook.url, webhook.description ?? ''].some(part => part.toLowerCase().includes(id));
  return [
    { name: 'Licenses', entries: licenses.data.map(licenseEntry) },
    { name: 'Webhooks', entries: all.filter(fits).slice(0, MOST_WEBHOOKS).map(webhookEntry) },
    { name: 'Team', entries: team.filter(member => fitsMember(member, id)).slice(0, MOST_MEMBERS).map(memberEntry) },
    { name: 'Lists', last: true, entries: isLong ? [] : [
      { key: 'licenses', icon: 'search', title: `All licenses that match “${text}”`, href: to('/licenses', { search: text }) },
      { key: 'deliveries', icon: 'search', title: `All deliveries that match “${text}”`, href: to('/deliveries', { search: text }) },
    ] },
  ];
}

/** Whether each word of a text begins a word of a name, or a part of one with hyphens. */
function matches(name, text) {
  const words = name.toLowerCase().split(' ').flatMap(word => [word, ...word.split('-')]);
  return text.toLowerCase().split(/\s+/).every(part => words.some(word => word.startsWith(part)));
}

/** A function that loads all of a short list when it is first called, and again after a failure. */
const once = path => {
  let all = null;
  return () => all ??= getAll(path).catch(e => {
    all = null;
    throw e;
  });
};

/**
 * @param pages {key, icon, title, href} of each page, and the words of its `contents` if its title does not say them
 * @param actions the same, with a function `run` instead of `href` if the action opens no page. A `last` one comes after the pages:
 *     nobody who looks for a page chooses it unseen
 */
export function Palette({ pages, actions, onClose }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState({ text: '', groups: [], error: null });
  /** The key of the selected result; null or one that is gone: the first is selected. */
  const [selected, setSelected] = useState(null);
  const list = useRef();
  /** Whether Enter was pressed before the results arrived. */
  const waiting = useRef(false);
  const id = useId();
  const webhooks = useMemo(() => once('api/webhooks'), []);
  const members = useMemo(() => once('api/users'), []);
  const asked = text.trim();

  useEffect(() => {
    if (asked === '') {
      setFound({ text: '', groups: [], error: null });
      return undefined;
    }
    const controller = new AbortController();
    const show = changes => !controller.signal.aborted && setFound({ text: asked, groups: [], error: null, ...changes });
    const timer = setTimeout(() => find(asked, webhooks, members, controller.signal)
        .then(groups => show({ groups }), error => show({ error })), PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked]);

  const searching = found.text !== asked;
  const results = searching ? [] : found.groups;
  const fitting = actions.filter(({ title }) => matches(title, asked));
  const groups = [
    ...results.filter(({ last }) => !last),
    { name: 'Actions', entries: fitting.filter(({ last }) => !last) },
    { name: 'Pages', entries: pages.filter(({ title, contents = '' }) => matches(title + ' ' + contents, asked)) },
    { name: 'Session', entries: fitting.filter(({ last }) => last) },
    ...results.filter(({ last }) => last),
  ].filter(({ entries }) => entries.length > 0);
  const entries = groups.flatMap(group => group.entries);
  const current = Math.max(0, entries.findIndex(({ key }) => key === selected));
  const option = entry => id + entry.key;

  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current, found]);

  useEffect(() => {
    if (waiting.current && !searching) {
      waiting.current = false;
      if (!found.error && entries[current]) {
        choose(entries[current]);
      }
    }
  }, [found]);

  const choose = entry => {
    onClose();
    if (entry.run) {
      entry.run();
    } else {
      location.href = entry.href;
    }
  };
  const onKeyDown = event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length) {
      event.preventDefault();
      setSelected(entries[(current + step + entries.length) % entries.length].key);
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      if (searching) {
        waiting.current = true;
      } else if (entries[current]) {
        choose(entries[current]);
      }
    }
  };
  return html`<${Dialog} title="Find anything" wide onClose=${onClose}>
    <div class="palette">
      <input type="text" autofocus role="combobox" aria-label="Find anything" aria-expanded="true" aria-controls=${id}
        aria-autocomplete="list" aria-activedescendant=${entries[current] && option(entries[current])} autocomplete="off"
        spellcheck="false" placeholder="A license key, customer, team member, URL, ID, page or action" value=${text}
        onInput=${event => {
          waiting.current = false;
          setText(event.target.value);
          setSelected(null);
        }} onKeyDown=${onKeyDown} />
      ${found.error && !searching && html`<${Notice} tone="bad" role="alert">${found.error.message}</${Notice}>`}
      <div id=${id} class="palette-list" role="listbox" aria-label="Results" ref=${list}>
        ${groups.map(group => html`<div key=${group.name} role="group" aria-label=${group.name}>
          <div class="palette-group" aria-hidden="true">${group.name}</div>
          ${group.entries.map(entry => html`<div key=${entry.key} id=${option(entry)} role="option" class="palette-entry"
              aria-selected=${entry === entries[current] ? 'true' : 'false'} onClick=${() => choose(entry)}
              onMouseMove=${() => setSelected(entry.key)}><${Icon} name=${entry.icon} />
            <span class="clip">${entry.title}</span>${entry.detail && html`<span class="faint clip">${entry.detail}</span>`}
          </div>`)}</div>`)}
      </div>
      <p class="palette-status faint" role="status">${searching ? 'Searching…'
        : entries.length === 0 ? 'No results. Paste a complete ID or key, or enter fewer letters.' : ''}</p>
    </div></${Dialog}>`;
}
