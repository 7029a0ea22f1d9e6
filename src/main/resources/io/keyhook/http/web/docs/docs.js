// Tabs, theme, copy buttons, search and the table of contents of the guide. Without it, all languages are shown one below the other.
import { addCopy, colour } from './code.js';
import './search.js';

const LANGUAGE = 'keyhook-guide-language';
const EXAMPLE_SERVER = 'http://127.0.0.1:8080';

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is denied
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // the choice lasts for this page only
  }
}

/** Makes the examples call the server of this page. */
function nameThisServer(code) {
  const server = new URL('..', location.href).href.replace(/\/$/, '');
  if (code.textContent.includes(EXAMPLE_SERVER)) {
    code.textContent = code.textContent.replaceAll(EXAMPLE_SERVER, server);
  }
}

for (const figure of document.querySelectorAll('.code')) {
  const code = figure.querySelector('pre > code');
  nameThisServer(code);
  colour(code, figure.dataset.language);
  addCopy(figure);
}

/** Selects a language in all tabs that have it. */
function choose(label) {
  for (const tabs of document.querySelectorAll('.tabs')) {
    const buttons = [...tabs.querySelectorAll('[role=tab]')];
    if (buttons.some((button) => button.textContent === label)) {
      buttons.forEach((button) => {
        const chosen = button.textContent === label;
        button.setAttribute('aria-selected', String(chosen));
        button.tabIndex = chosen ? 0 : -1;
        document.getElementById(button.getAttribute('aria-controls')).hidden = !chosen;
      });
    }
  }
}

function chooseByHand(button) {
  const before = button.getBoundingClientRect().top;
  choose(button.textContent);
  remember(LANGUAGE, button.textContent);
  button.focus({ preventScroll: true });
  scrollBy({ top: button.getBoundingClientRect().top - before, behavior: 'instant' }); // the tabs above have changed too
}

document.querySelectorAll('.tabs').forEach((tabs, group) => {
  const list = document.createElement('div');
  list.className = 'tab-list';
  list.setAttribute('role', 'tablist');
  list.setAttribute('aria-label', 'Language');
  [...tabs.children].forEach((figure, i) => {
    const panel = document.createElement('div');
    figure.replaceWith(panel);
    panel.append(figure);
    panel.id = `tab-${group}-${i}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-label', figure.dataset.label);
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = figure.dataset.label;
    button.setAttribute('role', 'tab');
    button.setAttribute('aria-controls', panel.id);
    button.addEventListener('click', () => chooseByHand(button));
    list.append(button);
  });
  list.addEventListener('keydown', (event) => {
    const buttons = [...list.children];
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      chooseByHand(buttons.at(to % buttons.length));
    }
  });
  tabs.classList.add('on');
  tabs.prepend(list);
  choose(list.firstChild.textContent);
});
const language = remembered(LANGUAGE);
if (language) {
  choose(language);
}

const theme = document.querySelector('.theme');
theme.hidden = false;
theme.addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  remember('keyhook-theme', root.dataset.theme);
});

/** Marks the current section in the table of contents. */
const entries = new Map([...document.querySelectorAll('.toc a')]
  .map((link) => [document.getElementById(decodeURIComponent(link.hash.slice(1))), link]));
function mark() {
  let current = null;
  for (const [heading, link] of entries) {
    link.removeAttribute('aria-current');
    if (heading.getBoundingClientRect().top < innerHeight / 3) {
      current = link;
    }
  }
  current?.setAttribute('aria-current', 'location');
}
if (entries.size > 0) {
  let waiting = false;
  addEventListener('scroll', () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    }
  }, { passive: true });
  mark();
}
