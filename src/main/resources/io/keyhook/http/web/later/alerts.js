import { html, useLayoutEffect, useRef, useState } from '../app/preact.js';
import { get, patchChanges, post } from '../app/api.js';
import { Field, Form, FormError } from '../app/form.js';
import { announce, Button, ButtonLink, Card, Loaded, Notice } from '../app/ui.js';
import { useLoad } from '../app/use.js';
import { ALERT_CAUSES } from '../app/words.js';
import { Conflicts, useEdit } from './edit.js';

const CAUSE_NAMES = Object.fromEntries(ALERT_CAUSES);

/** What the user is alerted about, by mail and Slack. */
export function AlertsCard() {
  const loaded = useLoad(signal => get('api/alerts', {}, signal), []);
  // a form into which something is typed stays as it is when other alerts are loaded: it compares them when it saves
  const begun = useRef(null);
  const isTyped = useRef(false);
  if (!isTyped.current) {
    begun.current = loaded.data;
  }
  return html`<${Card} title="Alerts" action=${html`<${ButtonLink} kind="small" href="docs/alerts">About alerts</${ButtonLink}>`}>
    <${Loaded} of=${loaded} lines=${6}>${alerts => html`<${Alerts} key=${JSON.stringify(begun.current)} alerts=${alerts}
      isTyped=${isTyped} onSaved=${saved => loaded.setData(() => saved)} />`}</${Loaded}></${Card}>`;
}

const toRequest = ({ causes, mail, slackUrl }) => ({ causes: [...causes].sort(), mail, ...slackUrl && { slackUrl: slackUrl.trim() } });

/** @param isTyped a reference to whether the form has unsaved changes */
function Alerts({ alerts, isTyped, onSaved }) {
  const form = useEdit({
    path: 'api/alerts',
    of: alerts,
    valuesOf: ({ causes, mail }) => ({ causes, mail, slackUrl: '' }),
    save: async (values, current) => {
      const saved = await patchChanges('api/alerts', toRequest(current), toRequest(values));
      form.set('slackUrl', ''); // is not shown again
      isTyped.current = false;
      onSaved(saved ?? current);
      announce('Alerts saved', 'good');
    },
  });
  useLayoutEffect(() => {
    isTyped.current = form.isChanged;
  }, [form.isChanged]);
  const toggle = (cause, on) => form.set('causes', causes => on ? [...causes, cause] : causes.filter(other => other !== cause));
  const remove = async () => {
    try {
      onSaved(await patchChanges('api/alerts', {}, { slackUrl: null }));
      announce('Slack URL removed', 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
  };
  const test = useTest();
  const nowhere = form.values.causes.length > 0 && !form.values.mail && !alerts.slackHost && !form.values.slackUrl;
  return html`<${Form} form=${form} class="narrow">
    <${FormError} form=${form} />
    <${Conflicts} form=${form} title="Your alert settings changed elsewhere while you were editing them"
      nameOf=${cause => CAUSE_NAMES[cause] ?? cause} />
    <fieldset class="choices"><legend>Alert me when</legend><div class="choice-list">${ALERT_CAUSES.map(([cause, text]) => html`<div
        key=${cause} class="choice"><label><input type="checkbox" name="causes" checked=${form.values.causes.includes(cause)}
          onChange=${event => toggle(cause, event.target.checked)} /><span>${text}</span></label></div>`)}</div></fieldset>
    <fieldset class="choices"><legend>By mail</legend><div class="choice-list"><div class="choice"><label><input type="checkbox"
        name="mail" checked=${form.values.mail} disabled=${!alerts.mailAvailable && !form.values.mail}
        onChange=${event => form.set('mail', event.target.checked)} /><span>To ${alerts.email}${!alerts.mailAvailable && html`<span
          class="faint">This server does not send mail. Contact your administrator.</span>`}</span></label></div></div></fieldset>
    <${Field} form=${form} name="slackUrl" label="Slack URL" type="url" inputmode="url" spellcheck=${false} class="mono" optional
      placeholder=${alerts.slackHost ? 'https://' + alerts.slackHost + '/…' : 'https://hooks.slack.com/services/…'}
      hint=${alerts.slackHost ? 'Set. Keyhook does not show it again; enter another one to replace it.'
          : 'The URL of an incoming webhook in Slack, or in a chat that accepts Slack’s message format.'} />
    ${nowhere && html`<${Notice} tone="info">Turn on mail or enter a Slack URL to receive these alerts.</${Notice}>`}
    <div class="presets"><${Button} type="submit" kind="primary" busy=${form.busy}>Save alerts</${Button}>
      ${(alerts.mail || alerts.slackHost) && html`<${Button} busy=${test.busy} onClick=${test.send}>Send test message</${Button}>`}
      ${alerts.slackHost && html`<${Button} onClick=${remove}>Remove Slack URL</${Button}>`}</div>
    <div role="status">${test.outcomes.map(([name, { success, isUnsure, error }]) => html`<${Notice} key=${name} tone=${success ? 'good' : 'bad'}
      title=${name + (success ? ': sent' : isUnsure ? ': no response' : ': not sent')}>${error ?? 'Check that it has arrived.'}</${Notice}>`)}</div>
  </${Form}>`;
}

/** Sends a test message by the saved settings. */
function useTest() {
  const [outcomes, setOutcomes] = useState([]);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      const { mail, slack } = await post('api/alerts/test', {});
      setOutcomes([['Mail', mail], ['Slack', slack]].filter(([, outcome]) => outcome));
    } catch (e) {
      setOutcomes([['Test message', { success: false, isUnsure: e.isUnsure, error: e.message }]]);
    } finally {
      setBusy(false);
    }
  };
  return { outcomes, busy, send };
}
