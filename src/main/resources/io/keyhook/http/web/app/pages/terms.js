// What the forms of licenses and policies, and the filters of webhooks, have in common.
import { html } from '../preact.js';
import { get } from '../api.js';
import { Field } from '../form.js';
import { useLoad } from '../use.js';

/** Adds days and years of the user's calendar to a time, in milliseconds: a year later is the same day, and the same time of day. */
function later(time, { days = 0, years = 0 }) {
  const date = new Date(time);
  date.setFullYear(date.getFullYear() + years, date.getMonth(), date.getDate() + days);
  return date.getTime();
}

/** How long licenses are sold for: the name of each term, and a function that returns the time at which one ends that begins at a time. */
export const TERMS = [['30 days', { days: 30 }], ['1 year', { years: 1 }], ['2 years', { years: 2 }]]
  .map(([name, length]) => [name, time => later(time, length)]);
export const YEAR = TERMS[1][1];

/** Returns a function that returns the problem with the text of an object, or '' if there is none. @param example of one */
const checkObject = example => text => {
  if (!text.trim()) {
    return '';
  }
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? '' : 'Must be a JSON object, such as ' + example;
  } catch {
    return 'Must be valid JSON';
  }
};

export const checkEntitlements = checkObject('{"projects": 25}');
export const checkMetadata = checkObject('{"edition": "pro"}');

/** The name of a policy or a product; its ID until that is loaded, and after it was deleted. @param kind policies or products */
export function NameOf({ kind, id }) {
  const loaded = useLoad(signal => get(`api/${kind}/${id}`, {}, signal), []);
  return loaded.data?.name ?? id;
}

/** @param products as the API lists them */
export function ProductChoice({ form, products, none = 'Any product' }) {
  return html`<${Field} form=${form} name="productId" label="Product" as="select" optional>
    ${options(products, form.values.productId, none)}
  </${Field}>`;
}

/** @param policies as the API lists them */
export function PolicyChoice({ form, policies }) {
  return html`<${Field} form=${form} name="policyId" label="Policy" as="select" optional
      hint="The policy fills in what you leave empty.">
    ${options(policies, form.values.policyId, 'No policy')}
  </${Field}>`;
}

/** An option for each, and one for a chosen ID that is not among them. */
function options(items, chosen, none) {
  const all = chosen && !items.some(({ id }) => id === chosen) ? [...items, { id: chosen, name: chosen }] : items;
  return html`<option value="" selected=${!chosen}>${none}</option>${all.map(({ id, name }) => html`<option key=${id} value=${id}
      selected=${id === chosen}>${name}</option>`)}`;
}
