// What a webhook sends: its format, and the texts of messages.
import { html, useEffect, useState } from '../preact.js';
import { post } from '../api.js';
import { useApp } from '../context.js';
import { Field, Filter } from '../form.js';
import { indented } from '../json.js';
import { Badge, Code, Notice } from '../ui.js';
import { useId } from '../use.js';
import { EVENT_TYPES } from '../words.js';

const KEYHOOK = 'keyhook';
const FORMATS = {
  keyhook: ['Keyhook', 'The payload of the event, for your own code.'],
  slack: ['Slack', 'A message. Enter the URL of an incoming webhook of Slack.'],
  discord: ['Discord', 'A message. Enter the URL of a webhook of a Discord channel.'],
  teams: ['Microsoft Teams', 'A card. Enter the URL of a workflow “When a Teams webhook request is received”.'],
  generic: ['Generic', 'JSON or text that you write, for any other service.'],
};
/** Whether people read what a webhook sends, and no code that could verify a signature. */
export const isChat = ({ format }) => ['slack', 'discord', 'teams'].includes(format);

const ALL_OTHERS = '*';
/** Milliseconds from the last keystroke to the preview. */
const TYPING = 400;

/** @param webhook null for a new one */
export const formatValues = webhook => ({ format: webhook?.format ?? KEYHOOK, templates: webhook?.templates ?? {} });

/** The fields of the request. */
export const formatRequest = ({ format, templates }) => {
  const texts = Object.fromEntries(Object.entries(templates).filter(([, text]) => text.trim()));
  return { format, templates: format === KEYHOOK || !Object.keys(texts).length ? null : texts };
};

export function FormatFields({ form }) {
  const { format } = form.values;
  return html`<${Field} form=${form} name="format" label="Format" as="select" hint=${FORMATS[format][1]}>
      ${Object.entries(FORMATS).map(([key, [name]]) => html`<option key=${key} value=${key} selected=${key === format}>${name}</option>`)}</${Field}>
    ${format !== KEYHOOK && html`<${Templates} form=${form} />`}`;
}

/** The text of one event at a time, with what it looks like. */
function Templates({ form }) {
  const { offers = () => true } = useApp();
  const types = [...EVENT_TYPES.filter(offers), 'webhook.test'];
  const { format, templates } = form.values;
  const [type, setType] = useState(() => Object.keys(templates)[0] ?? ALL_OTHERS);
  const event = type === ALL_OTHERS ? 'license.activated' : type;
  const text = templates[type] ?? '';
  const { preview, error } = usePreview(format, event, text.trim() ? text : null);
  const id = useId();
  const wrong = error?.fields?.template;
  const write = text => form.set('templates', templates => ({ ...templates, [type]: text }));
  return html`<fieldset class="choices"><legend>Message <span class="faint">optional</span></legend>
    <p class="hint">Keyhook has a text for every event. To write your own, use values in double braces, such as
      <code>${'{{licenseName}}'}</code>. <a href="docs/messages#templates">How to write templates</a></p>
    <${Filter} label="Text for" value=${type} options=${[[ALL_OTHERS, 'All other events'], ...types.map(type => [type, type])]
        .map(([key, name]) => [key, templates[key]?.trim() ? name + ' (yours)' : name])}
      onChange=${setType} />
    <div class="field"><label for=${id}>Template</label>
      <textarea id=${id} class="mono" rows="5" maxlength="4000" spellcheck=${false} value=${text} placeholder=${preview?.template ?? ''}
        aria-invalid=${wrong ? 'true' : undefined} aria-describedby=${id + 'h'} onInput=${event => write(event.target.value)} />
      <div class="hint" id=${id + 'h'}>${preview ? 'Values: ' + preview.values.join(', ') : ''}</div>
      <div class="field-error" aria-live="polite">${wrong}</div></div>
    ${error && !wrong && html`<${Notice} tone="bad">${error.message}</${Notice}>`}
    ${preview && html`<h3>Preview of ${event}</h3><${Code} label="preview" text=${indented(preview.body)} copy=${false} />`}
  </fieldset>`;
}

/** The preview of a template, a moment after the last keystroke; of a wrong one, the last good one. */
function usePreview(format, event, template) {
  const [state, setState] = useState({ preview: null, error: null });
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => post('api/webhooks/preview', { format, event, template }).then(
      preview => current && setState({ preview, error: null }),
      error => current && setState(({ preview }) => ({ preview, error }))), state.preview ? TYPING : 0);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [format, event, template]);
  return state;
}

/** What the page of a webhook lists about it. */
export const formatFacts = webhook => [
  webhook.format !== KEYHOOK && ['Format', FORMATS[webhook.format]?.[0] ?? webhook.format],
  Object.keys(webhook.templates).length > 0 && ['Templates', Object.keys(webhook.templates).map(type =>
    html`<${Badge} key=${type}>${type === ALL_OTHERS ? 'all other events' : type}</${Badge}> `)],
];
