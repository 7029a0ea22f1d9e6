// Blocks of code: syntax coloring and a copy button.

const KEYWORDS = new Set(('abstract and as assert async await bool boolean break byte case catch class const continue def default '
  + 'defer del do echo elif else elsif end except export extends false final finally for foreach func function '
  + 'global if implements import in int interface is lambda let long new nil None not null or package pass private protected '
  + 'public raise record return self static string struct switch this throw throws True False true try type '
  + 'typeof use using var void while with yield fn mut match pub impl mod move where').split(' '));

// Each has comments, strings, numbers and words. Other text stays unchanged.
const SLASHES = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const HASH = String.raw`(?<![\w$&\{"'])#[^\n]*`;
const COMMENTS = { js: SLASHES, java: SLASHES, go: SLASHES, csharp: SLASHES, rust: SLASHES, php: `${SLASHES}|${HASH}`, python: HASH, ruby: HASH, sh: HASH,
  sql: String.raw`--[^\n]*` };
const STRING = String.raw`"""[\s\S]*?"""|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\.)*'` + '|`[^`]*`';
const NUMBER = String.raw`\b\d[\d_.]*\b`;
const WORD = String.raw`(?<!\.)\b[A-Za-z_]\w*\b`; // a method may be named like a keyword

/** Colors an element's text in place. */
export function colour(code, language) {
  if (language === 'text') {
    return;
  }
  const comment = COMMENTS[language] ?? '(?!)';
  const token = new RegExp(`(?<comment>${comment})|(?<string>${STRING})|(?<number>${NUMBER})|(?<word>${WORD})`, 'g');
  const text = code.textContent;
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const kind = kindOf(match, language);
    if (kind) {
      const span = document.createElement('span');
      span.className = `t-${kind}`;
      span.textContent = match[0];
      parts.push(text.slice(end, match.index), span);
      end = match.index + match[0].length;
    }
  }
  code.replaceChildren(...parts, text.slice(end));
}

function kindOf({ groups }, language) {
  if (groups.word) {
    return KEYWORDS.has(groups.word) && language !== 'sh' ? 'keyword' : null;
  }
  if (groups.number && language === 'sh') {
    return null; // most are parts of addresses
  }
  return groups.comment ? 'comment' : groups.string ? 'string' : 'number';
}

/** Adds a copy button to a figure, if the browser allows copying: on https and on localhost. */
export function addCopy(figure) {
  if (!navigator.clipboard) {
    return;
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(figure.querySelector('pre').textContent);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  figure.append(button);
}

/** Creates a figure. */
export function codeBlock(text, language, caption) {
  const figure = document.createElement('figure');
  figure.className = 'code';
  if (caption) {
    const line = document.createElement('figcaption');
    line.textContent = caption;
    figure.append(line);
  }
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  const code = document.createElement('code');
  code.textContent = text;
  colour(code, language);
  pre.append(code);
  figure.append(pre);
  addCopy(figure);
  return figure;
}
