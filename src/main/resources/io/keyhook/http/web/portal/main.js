// The portal: a customer of the seller sees and manages their own webhooks, and nothing else.
import { html, render, useEffect, useRef, useState } from '../app/preact.js';
import { getPublic } from '../app/api.js';
import { AppContext } from '../app/context.js';
import { dateTime } from '../app/format.js';
import { Logo } from '../app/icons.js';
import { match, useLocation } from '../app/router.js';
import { ButtonLink, Confirm, Empty, Loaded, Notice, PageHead, Toasts, useTitle } from '../app/ui.js';
import { useLoad, useRetried, useSession } from '../app/use.js';
import { ALL_LICENSE_EVENTS } from '../app/words.js';
import { DeliveryPage } from './delivery.js';
import { end, enter, hasLink, onEnd } from './session.js';
import { WebhookPage } from './webhook.js';
import { WebhookList } from './webhooks.js';

const ROUTES = [
  ['/', WebhookList],
  ['/webhooks', WebhookList],
  ['/webhooks/:id', WebhookPage],
  ['/deliveries/:id', DeliveryPage],
];

/** Whether webhooks of this portal may subscribe to a type of events: those about webhooks name webhooks of others. */
const offers = events => type => !type.startsWith('webhook.') && (!events || events.includes(type) || events.includes(ALL_LICENSE_EVENTS));

let entering = null;

/** Opens the link once, whatever loads it again. A failure of the connection can be repeated. */
function enterOnce() {
  entering ??= enter().then(session => ({ session })).catch(e => {
    entering = null;
    throw e;
  });
  return entering;
}

function App() {
  const entered = useLoad(enterOnce, []);
  const { state } = useSession();
  const [closed, setClosed] = useState(false);
  if (closed) {
    return html`<${Closed} />`;
  }
  if (entered.data?.session === null || state === 'over') {
    return html`<${Over} wasIn=${state === 'over'} />`;
  }
  return state !== 'in' ? html`<main class="starting"><${Loaded} of=${entered} lines=${3}>${() => null}</${Loaded}></main>`
    : entered.data && html`<${Frame} session=${entered.data.session} onClosed=${() => setClosed(true)} />`;
}

function Closed() {
  useTitle('Webhooks');
  return html`<main class="door"><div class="door-card"><${Logo} />
    <h1>You are logged out</h1>
    <p>Your webhooks still receive events. To come back, ask for a new link where you got this one.</p></div></main>`;
}

/** @param wasIn whether there was a session */
function Over({ wasIn }) {
  useTitle('Webhooks');
  const [title, why] = wasIn ? ['Your session has ended', 'Its link has expired or was revoked.']
    : hasLink ? ['This link no longer works', 'It was opened before or revoked, or has expired.']
    : ['You are not logged in', 'Your session has ended, or its link was revoked.'];
  return html`<main class="door"><div class="door-card"><${Logo} />
    <h1>${title}</h1>
    <p>${why} Ask for a new link where you got ${hasLink || wasIn ? 'this one' : 'yours'}.</p></div></main>`;
}

function Frame({ session, onClosed }) {
  const { online } = useSession();
  const { path } = useLocation();
  const settings = useRetried(() => getPublic('api/settings'), []);
  const main = useRef();
  const [leaving, setLeaving] = useState(false);
  useEffect(() => onEnd(session, onClosed), []);
  const route = match(ROUTES, path);
  const me = { data: { role: session.canManage ? 'member' : 'read_only' } };
  return html`<${AppContext.Provider} value=${{ settings, me, portal: session, offers: offers(session.events) }}>
    <button type="button" class="skip" onClick=${() => main.current.focus()}>Skip to content</button>
    <header class="portal-top"><strong>${session.accountName}</strong><span class="faint">Webhooks of ${session.customer} · until ${dateTime(
      session.expiresAt)}</span><button type="button" class="button small" onClick=${() => setLeaving(true)}>Log out</button></header>
    <main tabindex="-1" ref=${main}>
      ${!online && html`<${Notice} tone="warn" role="alert" title="No connection to Keyhook">Retrying every few seconds.</${Notice}>`}
      ${route ? html`<${route.page} key=${path} ...${route.params} />`
        : html`<${PageHead} title="Not found" /><${Empty} icon="search" title="This page does not exist"
            action=${html`<${ButtonLink} href="#/">Go to webhooks</${ButtonLink}>`} />`}
    </main>
    <${Toasts} />
    ${leaving && html`<${Confirm} title="Log out?" action="Log out" kind="primary" onClose=${() => setLeaving(false)} run=${async () => {
      await end(session);
      onClosed();
    }}><p>Your link works only once. To come back, you need a new one. Your webhooks still receive events.</p></${Confirm}>`}
  </${AppContext.Provider}>`;
}

render(html`<${App} />`, document.getElementById('app'));
