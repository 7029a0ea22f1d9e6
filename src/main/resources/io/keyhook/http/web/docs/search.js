// Full-text search of the guide, without a server: the first search reads all pages, which are the index.
const MOST_RESULTS = 10;
/** Characters of the text around the first match. */
const BEFORE = 30;
const LENGTH = 120;

/** Sections as {title, page, href, text}; null until the first search. */
let index = null;

const plain = (node) => node.textContent.replace(/\s+/g, ' ').trim();

/** The sections of a page: what comes before its first heading with an ID, and what follows each. */
function sectionsOf(parsed, href) {
  const article = parsed.querySelector('article');
  if (!article) {
    return [];
  }
  const page = plain(article.querySelector('h1'));
  const sections = [{ title: page, page, href, text: '' }];
  article.querySelectorAll('.anchor').forEach((anchor) => anchor.remove());
  for (const part of article.children) {
    if (/^H[23]$/.test(part.tagName) && part.id) {
      sections.push({ title: plain(part), page, href: `${href}#${part.id}`, text: '' });
    } else if (!part.matches('h1, nav')) {
      sections.at(-1).text += ' ' + plain(part);
    }
  }
  return sections;
}

/** Loads and parses a page. The browser does both, because the content security policy forbids scripts to parse HTML. */
function read(href) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', href);
    request.responseType = 'document';
    request.onload = () => request.status === 200 ? resolve(request.response)
      : reject(new Error(`${href} returned ${request.status}`));
    request.onerror = () => reject(new Error(`${href} cannot be loaded`));
    request.send();
  });
}

/** The calls of the API, which a script writes into their page. */
async function calls() {
  const { paths } = await (await fetch('../openapi.json')).json();
  return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).filter(([, call]) => call.operationId)
    .map(([method, call]) => ({
      title: `${method.toUpperCase()} ${path}`,
      page: 'API reference',
      href: `reference#${call.operationId}`,
      text: `${call.summary}. ${call.description ?? ''}`,
    })));
}

async function load() {
  const links = [...document.querySelectorAll('.pages a')].map((link) => link.getAttribute('href'));
  const pages = await Promise.all(links.map(async (href) => sectionsOf(await read(href), href)));
  return [...pages.flat(), ...await calls()];
}

/** The sections that have all words, the best first. */
function find(sections, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const score = ({ title, page, text }) => {
    const [name, of, body] = [title, page, text].map((part) => part.toLowerCase());
    let sum = 0;
    for (const word of words) {
      const count = body.split(word).length - 1;
      const hit = (name.includes(word) ? 20 : 0) + (of.includes(word) ? 5 : 0) + Math.min(count, 5);
      if (hit === 0) {
        return 0;
      }
      sum += hit;
    }
    return sum + (name.startsWith(words[0]) ? 5 : 0);
  };
  return sections.map((section) => [score(section), section]).filter(([points]) => points > 0)
    .sort(([a], [b]) => b - a).slice(0, MOST_RESULTS).map(([, section]) => ({ ...section, words }));
}

/** The text around the first word, with all words marked. */
function excerpt({ text, words }) {
  const line = element('span');
  const at = Math.max(0, text.toLowerCase().indexOf(words[0]));
  const start = at > BEFORE ? text.indexOf(' ', at - BEFORE) + 1 : 0;
  let rest = (start > 0 ? '… ' : '') + text.slice(start, start + LENGTH).trim();
  while (rest) {
    const next = words.map((word) => [rest.toLowerCase().indexOf(word), word]).filter(([i]) => i >= 0)
      .sort(([a], [b]) => a - b)[0];
    if (!next) {
      break;
    }
    line.append(rest.slice(0, next[0]), element('mark', { textContent: rest.slice(next[0], next[0] + next[1].length) }));
    rest = rest.slice(next[0] + next[1].length);
  }
  line.append(rest);
  return line;
}

const element = (name, properties) => Object.assign(document.createElement(name), properties);

const pages = document.getElementById('pages');
const input = element('input', { id: 'guide-search', type: 'search', autocomplete: 'off', spellcheck: false,
  placeholder: 'Press / to search' });
const status = element('p', { role: 'status' });
const list = element('ol');
const box = element('search', { className: 'guide-search' });
box.append(element('label', { htmlFor: input.id, textContent: 'Search the guide' }), input, status, list);
pages.prepend(box);

async function search() {
  const query = input.value.trim();
  if (query.length < 2) {
    list.replaceChildren();
    status.textContent = '';
    return;
  }
  try {
    status.textContent = index ? status.textContent : 'Searching…';
    index ??= load();
    const sections = await index;
    if (query !== input.value.trim()) {
      return; // the user has typed on
    }
    const results = find(sections, query);
    status.textContent = results.length === 0 ? 'No results' : results.length === MOST_RESULTS ? `The best ${MOST_RESULTS} results`
      : results.length === 1 ? '1 result' : `${results.length} results`;
    list.replaceChildren(...results.map((result) => {
      const link = element('a', { href: result.href });
      link.append(element('strong', { textContent: result.title }),
        ...result.page === result.title ? [] : [element('small', { textContent: result.page })], excerpt(result));
      const item = element('li');
      item.append(link);
      return item;
    }));
  } catch {
    index = null;
    list.replaceChildren();
    status.textContent = 'The search could not read the pages. Try again.';
  }
}

input.addEventListener('input', search);
box.addEventListener('keydown', (event) => {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'Enter' && document.activeElement === input) {
    links[0]?.click();
  } else if (event.key === 'Escape' && input.value) {
    event.preventDefault();
    event.stopPropagation();
    input.value = '';
    input.focus();
    search();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    (links[at + (event.key === 'ArrowDown' ? 1 : -1)] ?? input).focus();
  }
});
list.addEventListener('click', (event) => {
  if (event.target.closest('a') && pages.matches(':popover-open')) {
    pages.hidePopover();
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey
      && !event.target.closest('input, textarea, select, [contenteditable]')) {
    event.preventDefault();
    if (getComputedStyle(pages).display === 'none') {
      pages.showPopover();
    }
    input.focus();
  }
});
