// The administrator's page: logs in with the operator key, which this page keeps in memory only.
import { html, render, useEffect, useRef, useState } from '../app/preact.js';
import { administrate, enterWithKey, leaveWithKey } from '../app/api.js';
import { Field, Form, FormError, useForm } from '../app/form.js';
import { Icon, Logo } from '../app/icons.js';
import { match, useLocation } from '../app/router.js';
import { Button, ButtonLink, Dialog, Empty, Notice, PageHead, Toasts, useTitle } from '../app/ui.js';
import { useSession } from '../app/use.js';
import { AccountList } from './accounts.js';
import { AccountPage } from './account.js';
import { NodePage } from './node.js';

administrate();

const ROUTES = [
  ['/', AccountList],
  ['/accounts/:id', AccountPage],
  ['/node', NodePage],
];

const NAVIGATION = [
  ['/', 'Accounts', 'people'],
  ['/node', 'Node', 'device'],
];

function App() {
  const { state } = useSession();
  return state === 'in' ? html`<${Frame} />` : html`<${LogIn} wasIn=${state === 'over'} /><${Toasts} />`;
}

/** @param wasIn whether the key was refused after it had been accepted */
function LogIn({ wasIn }) {
  useTitle('Administration');
  const form = useForm({ key: '' }, async ({ key }) => {
    try {
      await enterWithKey(key.trim());
    } catch (e) {
      if (e.status === 401) {
        e.fields = { key: 'This is not the operator key of this server' };
      }
      throw e;
    }
  }, ({ key }) => ({ key: /^[\x21-\x7e]+$/.test(key.trim()) ? '' : 'Enter the operator key' }));
  return html`<main class="door"><div class="door-card">
    <${Logo} />
    <h1>Keyhook administration</h1>
    ${wasIn && html`<${Notice} tone="warn">The server no longer accepts your operator key.</${Notice}>`}
    <${Form} form=${form}>
      <${FormError} form=${form} />
      <${Field} form=${form} name="key" label="Operator key" type="password" spellcheck=${false} autofocus
        hint="operator.key in the server’s configuration. This page keeps it until you close or reload the tab." />
      <${Button} type="submit" kind="primary wide" busy=${form.busy}>Log in</${Button}>
    </${Form}>
  </div></main>`;
}

function Frame() {
  const { online } = useSession();
  const { path } = useLocation();
  const [menu, setMenu] = useState(false);
  const main = useRef();
  useEffect(() => setMenu(false), [path]);
  const route = match(ROUTES, path);
  const navigation = html`<${Navigation} path=${path} onGo=${() => setMenu(false)} />`;
  return html`<button type="button" class="skip" onClick=${() => main.current.focus()}>Skip to content</button>
    <header class="top"><a class="brand" href="#/"><${Logo} />Keyhook admin</a>
      <span class="top-buttons"><button type="button" class="icon-button" aria-label="Menu"
        aria-expanded=${menu ? 'true' : 'false'} onClick=${() => setMenu(true)}><${Icon} name="menu" /></button></span></header>
    <header class="side"><a class="brand" href="#/"><${Logo} />Keyhook admin</a>${navigation}</header>
    ${menu && html`<${Dialog} title="Menu" onClose=${() => setMenu(false)}>${navigation}</${Dialog}>`}
    <main tabindex="-1" ref=${main}>
      ${!online && html`<${Notice} tone="warn" role="alert" title="No connection to Keyhook">Retrying every few seconds.</${Notice}>`}
      ${route ? html`<${route.page} key=${path} ...${route.params} />`
        : html`<${PageHead} title="Not found" /><${Empty} icon="search" title="This page does not exist"
            action=${html`<${ButtonLink} href="#/">Go to accounts</${ButtonLink}>`} />`}
    </main>
    <${Toasts} />`;
}

/** @param onGo called for every link, even one to the current page */
function Navigation({ path, onGo }) {
  const isCurrent = target => target === '/' ? path === '/' || path.startsWith('/accounts/') : path === target;
  return html`<nav class="nav" aria-label="Main" onClick=${event => event.target.closest('a') && onGo()}>
    <ul>${NAVIGATION.map(([target, title, icon]) => html`<li key=${target}><a href=${'#' + target}
      aria-current=${isCurrent(target) ? 'page' : undefined}><${Icon} name=${icon} />${title}</a></li>`)}</ul>
    <div class="who"><div class="who-text"><strong>Administrator</strong><span class="faint">with the operator key</span></div>
      <button type="button" class="icon-button" aria-label="Log out" title="Log out" onClick=${leaveWithKey}><${Icon}
        name="logout" /></button></div>
  </nav>`;
}

render(html`<${App} />`, document.getElementById('app'));
