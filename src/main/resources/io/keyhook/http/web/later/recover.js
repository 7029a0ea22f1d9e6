import { html, useEffect, useState } from '../app/preact.js';
import { post } from '../app/api.js';
import { now } from '../app/clock.js';
import { DAY_LENGTH, fromLocal, number, plural, shortUrl, toLocal, zoneHint } from '../app/format.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { announce, Notice } from '../app/ui.js';
import { outcome } from '../app/words.js';

const PRESETS = [[1 / 24, 'Last hour'], [1, 'Last 24 hours'], [7, 'Last 7 days']];
/** Milliseconds from the last change to the next preview. */
const TYPING = 250;

const deliveries = n => plural(n, 'delivery', 'deliveries');
const label = result => /^\d/.test(result) ? outcome(Number(result), null) : outcome(null, result);

/** What is wrong with the time, by field. */
const checkTime = ({ since, until }) => ({
  since: !fromLocal(since) ? 'Enter a date and a time' : Date.parse(since) > now() ? 'Failed since must not be in the future' : '',
  until: fromLocal(since) && fromLocal(until) && fromLocal(until) <= fromLocal(since)
    ? 'Failed before must be later than Failed since' : '',
});

const isTime = values => Object.values(checkTime(values)).every(message => !message);

/** Recovers the failed deliveries of one webhook: of a time, and as the user selects among what failed then. */
export function Recover({ webhooks, webhookId, onClose, onRecovering }) {
  const isPaused = values => webhooks.some(({ id, pausedAt }) => id === values.webhookId && pausedAt);
  const form = useForm({ webhookId: webhookId || (webhooks.find(({ isActive }) => isActive) ?? webhooks[0]).id,
      since: toLocal(now() - DAY_LENGTH), until: '', notEvents: [], notResults: [] }, async values => {
    const { recovering } = await post(`api/webhooks/${values.webhookId}/recover`, request(values, preview));
    announce(recovering ? 'Recovering ' + deliveries(recovering) + (isPaused(values) ? ' when the webhook resumes' : '')
        : 'No failed deliveries match. Keyhook retries pending deliveries automatically and does not recover test deliveries.',
        recovering ? 'good' : 'info');
    onRecovering();
    onClose();
  }, values => ({
    ...checkTime(values),
    events: preview && preview.byEvent.length > 0 && preview.byEvent.every(({ event }) => values.notEvents.includes(event))
      ? 'Choose at least one event' : '',
    results: preview && preview.byResult.length > 0 && preview.byResult.every(({ result }) => values.notResults.includes(result))
      ? 'Choose at least one result' : '',
  }));
  const { preview, error, loading } = usePreview(form.values);
  return html`<${FormDialog} form=${form} title="Recover failed deliveries" action="Recover" onClose=${onClose}>
    <p>Redelivers failed deliveries, starting with the oldest, with the same IDs and bodies, at a pace that your endpoint can handle. Test
      deliveries are not included.</p>
    ${webhooks.length > 1 && html`<${Field} form=${form} name="webhookId" label="Webhook" as="select">
      ${webhooks.map(({ id, url }) => html`<option key=${id} value=${id}
          selected=${id === form.values.webhookId}>${shortUrl(url)}</option>`)}</${Field}>`}
    ${isPaused(form.values) && html`<${Notice} tone="info" title="This webhook is paused">Keyhook keeps the deliveries and sends them when the
        webhook resumes.</${Notice}>`}
    <div class="presets" role="group" aria-label="Since">${PRESETS.map(([days, text]) => html`<button
        type="button" key=${text}
      class="button small" onClick=${() => form.set('since', toLocal(now() - days * DAY_LENGTH))}>${text}</button>`)}</div>
    <div class="field-pair">
      <${Field} form=${form} name="since" label="Failed since" type="datetime-local" hint=${zoneHint}
        live=${() => checkTime(form.values).since} />
      <${Field} form=${form} name="until" label="Failed before" optional type="datetime-local" hint="Leave empty to include failures until now."
        live=${() => checkTime(form.values).until} />
    </div>
    ${preview?.byResult.length > 0 && html`
      <${Facet} form=${form} name="notResults" error="results" legend="Results"
        of=${preview.byResult.map(({ result, count }) => [result, label(result), count])} />
      <${Facet} form=${form} name="notEvents" error="events" legend="Events"
        of=${preview.byEvent.map(({ event, count }) => [event, event, count])} />`}
    <p class=${'preview' + (loading ? ' faint' : '')} aria-live="polite" aria-busy=${loading}>${!isTime(form.values) ? '' : error
      ? html`<span class="bad-text">${error.message}</span>`
      : !preview ? 'Counting…'
      : preview.recovering === 0 ? 'No failed deliveries match.'
      : html`<strong>${preview.isComplete ? '' : 'At least '}${deliveries(preview.recovering)}</strong> will be
        redelivered.`}</p>
  </${FormDialog}>`;
}

/** Checkboxes with counts, all of them checked at first. @param of value, label and count of each */
function Facet({ form, name, error, legend, of }) {
  const toggle = value => form.set(name, left => left.includes(value) ? left.filter(other => other !== value) : [...left, value]);
  const wrong = form.fields[error];
  return html`<fieldset class="choices"><legend>${legend}</legend>
    <div class="facets">${of.map(([value, text, count]) => html`<label key=${value}><input type="checkbox" name=${error}
        aria-invalid=${wrong ? 'true' : undefined} checked=${!form.values[name].includes(value)}
        onChange=${() => toggle(value)} /> ${text} <span class="faint">${number(count)}</span></label>`)}</div>
    <div class="field-error" aria-live="polite">${wrong}</div>
  </fieldset>`;
}

/** What the API is asked for. What nobody has unchecked is not named. */
function request({ since, until, notEvents, notResults }, preview) {
  const rest = (facets, name, without) => without.length === 0 || !facets ? null
    : facets.map(facet => facet[name]).filter(value => !without.includes(value));
  const events = rest(preview?.byEvent, 'event', notEvents);
  const results = rest(preview?.byResult, 'result', notResults);
  return { since: fromLocal(since), until: fromLocal(until) || null, events: events?.length ? events : null,
      results: results?.length ? results : null };
}

/** Counts again whenever the form has changed. */
function usePreview(values) {
  const [state, setState] = useState({ preview: null, error: null, loading: true });
  const { webhookId, since, until, notEvents, notResults } = values;
  useEffect(() => {
    const controller = new AbortController();
    setState(state => ({ ...state, error: null, loading: isTime(values) }));
    const count = async () => {
      try {
        const preview = await post(`api/webhooks/${webhookId}/recover/preview`, request(values, state.preview),
            controller.signal);
        setState({ preview, error: null, loading: false });
      } catch (error) {
        if (!controller.signal.aborted) {
          setState(state => ({ ...state, error, loading: false }));
        }
      }
    };
    const timer = isTime(values) && setTimeout(count, TYPING);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [webhookId, since, until, notEvents, notResults]);
  return state;
}
