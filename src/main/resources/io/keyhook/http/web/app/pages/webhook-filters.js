// Which licenses a webhook receives events about.
import { html } from '../preact.js';
import { Field } from '../form.js';
import { checkMetadata } from './terms.js';

const lines = text => text.split('\n').map(line => line.trim()).filter(Boolean);

/** @param webhook null for a new one */
export const filterValues = webhook => {
  const { licenseIds, productIds, policyIds, customerEmails, metadata } = webhook?.filters ?? {};
  return {
    'filters.licenseIds': (licenseIds ?? []).join('\n'),
    'filters.productIds': (productIds ?? []).join('\n'),
    'filters.policyIds': (policyIds ?? []).join('\n'),
    'filters.customerEmails': (customerEmails ?? []).join('\n'),
    'filters.metadata': metadata ? JSON.stringify(metadata, null, 2) : '',
  };
};

export const checkFilters = values => ({
  'filters.metadata': values['filters.metadata'].trim() ? checkMetadata(values['filters.metadata']) : '',
});

/** The field of the request. */
export const filterRequest = values => {
  const metadata = values['filters.metadata'].trim();
  const filters = Object.fromEntries([
    ['licenseIds', lines(values['filters.licenseIds'])],
    ['productIds', lines(values['filters.productIds'])],
    ['policyIds', lines(values['filters.policyIds'])],
    ['customerEmails', lines(values['filters.customerEmails'])],
  ].filter(([, all]) => all.length));
  if (metadata) {
    filters.metadata = JSON.parse(metadata);
  }
  return { filters: Object.keys(filters).length ? filters : null };
};

export function FilterFields({ form, title, hint }) {
  const area = { as: 'textarea', rows: 2, spellcheck: false, class: 'mono', optional: true };
  return html`<fieldset class="choices"><legend>${title ?? html`Filters <span class="faint">optional</span>`}</legend>
    <p class="hint">${hint ?? 'Without filters, the webhook receives the events of all licenses. With several, a license has to match all of them.'}</p>
    <${Field} form=${form} name="filters.licenseIds" label="License IDs" ...${area} hint="One per line." />
    <${Field} form=${form} name="filters.productIds" label="Product IDs" ...${area} hint="One per line." />
    <${Field} form=${form} name="filters.policyIds" label="Policy IDs" ...${area} hint="One per line." />
    <${Field} form=${form} name="filters.customerEmails" label="Customer e-mail addresses" ...${area} hint="One per line." />
    <${Field} form=${form} name="filters.metadata" label="Metadata" ...${area}
      hint="A JSON object: the license’s metadata has all of these fields with these values." />
  </fieldset>`;
}

/** What the page of a webhook lists about them. */
export const filterFacts = ({ filters }) => [
  filters?.licenseIds && ['Only licenses', html`<span class="mono breakable">${filters.licenseIds.join(', ')}</span>`],
  filters?.productIds && ['Only products', html`<span class="mono breakable">${filters.productIds.join(', ')}</span>`],
  filters?.policyIds && ['Only policies', html`<span class="mono breakable">${filters.policyIds.join(', ')}</span>`],
  filters?.customerEmails && ['Only customers', html`<span class="breakable">${filters.customerEmails.join(', ')}</span>`],
  filters?.metadata && ['Only metadata', html`<span class="mono breakable">${JSON.stringify(filters.metadata)}</span>`],
];
