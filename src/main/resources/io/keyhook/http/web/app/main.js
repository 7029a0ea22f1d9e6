// The application: the session, the frame around the pages, and the routes.
import { html, render, useEffect, useErrorBoundary, useRef, useState } from './preact.js';
import { get, getPublic, logOut, resume } from './api.js';
import { Icon, Logo } from './icons.js';
import { AppContext, ROLES } from './context.js';
import { FindButton, Palette, Shortcuts, useShortcuts } from './palette.js';
import { match, to, useLocation } from './router.js';
import { announce, Button, Dialog, Empty, ButtonLink, LaterPage, Notice, PageHead, Skeleton, Toasts } from './ui.js';
import { useRetried, useSession } from './use.js';
import { LogIn, LogInForm } from './pages/login.js';
import { Overview } from './pages/overview.js';
import { LicenseList } from './pages/licenses.js';
import { LicensePage } from './pages/license.js';
import { WebhookList } from './pages/webhooks.js';
import { WebhookPage } from './pages/webhook.js';
import { DeliveryList } from './pages/deliveries.js';
import { DeliveryPage } from './pages/delivery.js';
import { AuditLog } from './pages/audit.js';

/** A page whose module is loaded when the page is opened, so that the first page of a visit is there sooner. */
const later = (load, name) => params => html`<${LaterPage} load=${load} name=${name} ...${params} />`;

const ROUTES = [
  ['/', Overview],
  ['/licenses', LicenseList],
  ['/licenses/:id', LicensePage],
  ['/policies', later(() => import('../later/policies.js'), 'Policies')],
  ['/webhooks', WebhookList],
  ['/webhooks/:id', WebhookPage],
  ['/portal-links', later(() => import('../later/portal-links.js'), 'PortalLinks')],
  ['/test-endpoint', later(() => import('../later/test-endpoint.js'), 'TestEndpointPage')],
  ['/deliveries', DeliveryList],
  ['/deliveries/:id', DeliveryPage],
  ['/api-keys', later(() => import('../later/keys.js'), 'ApiKeys')],
  ['/people', later(() => import('../later/people.js'), 'People')],
  ['/audit', AuditLog],
  ['/plan', later(() => import('../later/plan.js'), 'PlanPage')],
  ['/settings', later(() => import('../later/settings.js'), 'SettingsPage')],
];

const SignUp = later(() => import('../later/signup.js'), 'SignUp');

/** Pages that need no login. */
const LINKS = [
  ['/invitation/:token', later(() => import('../later/links.js'), 'AcceptInvitation')],
  ['/new-password/:token', later(() => import('../later/links.js'), 'NewPassword')],
  ['/forgot-password', later(() => import('../later/links.js'), 'ForgotPassword')],
];

const NAVIGATION = [
  ['/', 'Overview', 'overview'],
  ['/licenses', 'Licenses', 'licenses'],
  ['/policies', 'Policies', 'policies'],
  ['/webhooks', 'Webhooks', 'webhooks'],
  ['/deliveries', 'Deliveries', 'deliveries'],
  null,
  ['/api-keys', 'API keys', 'keys'],
  ['/people', 'Team', 'people'],
  ['/audit', 'Audit log', 'audit'],
  ['/plan', 'Plan', 'plan'],
  ['/settings', 'Settings', 'settings'],
];

const GUIDE = ['docs/', 'Guide', 'guide'];

/** Words by which the palette finds a page besides its title. */
const CONTENTS = {
  '/': 'statistics charts usage',
  '/licenses': 'import export devices customers',
  '/webhooks': 'endpoints pause resume rotate secrets',
  '/deliveries': 'events failures recover',
  '/people': 'members people users roles invite invitations',
  '/audit': 'history',
  '/plan': 'limits usage',
  '/policies': 'products entitlements features trial grace period heartbeat lease templates',
  '/settings': 'rotate signing keys account alerts appearance dark theme mail password profile sessions Slack two-factor authentication 2fa mfa passkeys',
};

/** Pages as the palette has them. */
const PAGES = NAVIGATION.filter(Boolean)
  .map(([path, title, icon]) => ({ key: path, icon, title, contents: CONTENTS[path], href: to(path) }))
  .concat({ key: 'portal-links', icon: 'people', title: 'Portal links', contents: 'customers', href: to('/portal-links') },
    { key: 'test-endpoint', icon: 'send', title: 'Test endpoint', href: to('/test-endpoint') },
    { key: GUIDE[0], icon: GUIDE[2], title: GUIDE[1], href: GUIDE[0] });

function App() {
  const { state } = useSession();
  const { path } = useLocation();
  const settings = useRetried(() => getPublic('api/settings'), []);
  const link = match(LINKS, path);
  if (link) {
    return html`<${link.page} ...${link.params} /><${Toasts} />`;
  }
  if (state === 'in' || state === 'over') {
    return html`<${Frame} path=${path} settings=${settings} isOver=${state === 'over'} />`;
  }
  if (state === 'starting') {
    return html`<${Starting} />`;
  }
  return html`${path === '/signup' && settings.data?.signupEnabled ? html`<${SignUp} />`
    : html`<${LogIn} settings=${settings.data} />`}<${Toasts} />`;
}

/** Shown until the session is restored. */
function Starting() {
  const { online } = useSession();
  const { error } = useRetried(resume, []);
  return html`<main class="starting">${!online ? html`<${Offline} />`
    : error ? html`<${Retrying} title="Keyhook is not ready">${error.message} </${Retrying}>`
    : html`<${Skeleton} lines=${3} />`}</main>`;
}

function Offline() {
  return html`<${Retrying} title="No connection to Keyhook" />`;
}

function Retrying({ title, children }) {
  return html`<${Notice} tone="warn" role="alert" title=${title}>${children}Retrying every few seconds.</${Notice}>`;
}

function Frame({ path, settings, isOver }) {
  const { online, refusals } = useSession();
  // again when a call was refused: an owner has changed the user's role
  const me = useRetried(signal => get('api/auth/me', {}, signal), [refusals]);
  useFollowed(me, path);
  const [menu, setMenu] = useState(false);
  const [palette, setPalette] = useShortcuts();
  const main = useRef();
  useEffect(() => {
    setMenu(false);
  }, [path]);
  const leave = async () => {
    try {
      await logOut();
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  const find = () => setPalette('find');
  const role = me.data?.role;
  const mayCreate = ROLES.indexOf(role) >= ROLES.indexOf('member');
  const actions = [
    mayCreate && { key: 'license', icon: 'plus', title: 'Create license', href: to('/licenses', { create: 1 }) },
    mayCreate && { key: 'webhook', icon: 'plus', title: 'Create webhook', href: to('/webhooks', { create: 1 }) },
    { key: 'shortcuts', icon: 'info', title: 'Keyboard shortcuts', run: () => setPalette('shortcuts') },
    { key: 'logout', icon: 'logout', title: 'Log out', last: true, run: leave },
  ].filter(Boolean);
  const route = match(ROUTES, path);
  const navigation = html`<${Navigation} path=${path} email=${me.data?.user?.email}
      account=${me.data?.accountName} onGo=${() => setMenu(false)} onLogOut=${leave} />`;
  return html`<${AppContext.Provider} value=${{ settings, me }}>
    <button type="button" class="skip" onClick=${() => main.current.focus()}>Skip to content</button>
    <header class="top"><a class="brand" href="#/"><${Logo} />Keyhook</a>
      <span class="top-buttons"><button type="button" class="icon-button" aria-label="Find anything"
          onClick=${find}><${Icon} name="search" /></button>
        <button type="button" class="icon-button" aria-label="Menu" aria-expanded=${menu ? 'true' : 'false'}
          onClick=${() => setMenu(true)}><${Icon} name="menu" /></button></span></header>
    <header class="side"><a class="brand" href="#/"><${Logo} />Keyhook</a><${FindButton} onClick=${find} />${navigation}</header>
    ${menu && html`<${Dialog} title="Menu" onClose=${() => setMenu(false)}>${navigation}</${Dialog}>`}
    ${palette === 'find' && html`<${Palette} pages=${PAGES} actions=${actions} onClose=${() => setPalette(null)} />`}
    ${palette === 'shortcuts' && html`<${Shortcuts} onClose=${() => setPalette(null)} />`}
    <main tabindex="-1" ref=${main}>
      ${!online && html`<${Offline} />`}
      ${route ? html`<${Boundary} key=${path}><${route.page} key=${path} ...${route.params} /></${Boundary}>`
        : html`<${PageHead} title="Not found" /><${Empty} icon="search" title="This page does not exist"
            action=${html`<${ButtonLink} href="#/">Go to overview</${ButtonLink}>`} />`}
    </main>
    <${Toasts} />
    ${isOver && html`<${Dialog} title="Log in again" firm onClose=${() => {}}>
      <div class="dialog-body"><p>Your session has expired. Log in to continue where you left off.</p>
        <${LogInForm} email=${me.data?.user?.email ?? ''} /></div></${Dialog}>`}
  </${AppContext.Provider}>`;
}

/** Milliseconds for which the user’s role is taken to be the same. */
const SAME = 10_000;

/** Loads the user again when they come to another page or back to this tab: an owner may have changed their role. */
function useFollowed({ reload, times }, path) {
  const loadedAt = useRef(0);
  useEffect(() => {
    loadedAt.current = performance.now();
  }, [times]);
  useEffect(() => {
    if (performance.now() - loadedAt.current > SAME) {
      reload();
    }
  }, [path]);
  useEffect(() => {
    const follow = () => document.visibilityState === 'visible' && reload();
    document.addEventListener('visibilitychange', follow);
    return () => document.removeEventListener('visibilitychange', follow);
  }, []);
}

/** Confines the error of a page that fails to render. */
function Boundary({ children }) {
  const [error, reset] = useErrorBoundary();
  return error ? html`<div class="state" role="alert"><${Icon} name="alert" /><h2>Couldn’t show this page</h2>
    <p>${String(error.message)}</p><${Button} onClick=${reset}>Try again</${Button}></div>` : children;
}

/** @param onGo called for every link, even one to the current page */
function Navigation({ path, email, account, onGo, onLogOut }) {
  const isCurrent = target => target === '/' ? path === '/' : path === target || path.startsWith(target + '/');
  return html`<nav class="nav" aria-label="Main" onClick=${event => event.target.closest('a') && onGo()}>
    <ul>${NAVIGATION.map((item, i) => item ? html`<li key=${i}><a href=${'#' + item[0]}
        aria-current=${isCurrent(item[0]) ? 'page' : undefined}><${Icon} name=${item[2]} />${item[1]}</a></li>`
      : html`<li key=${i} class="nav-gap" aria-hidden="true"></li>`)}
      <li><a href=${GUIDE[0]}><${Icon} name=${GUIDE[2]} />${GUIDE[1]}</a></li>
    </ul>
    <div class="who"><div class="who-text"><strong>${account ?? ' '}</strong><span
        class="faint">${email ?? ' '}</span></div>
      <button type="button" class="icon-button" aria-label="Log out" title="Log out" onClick=${onLogOut}><${Icon}
          name="logout" /></button></div>
  </nav>`;
}

render(html`<${App} />`, document.getElementById('app'));
