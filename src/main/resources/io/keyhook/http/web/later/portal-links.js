// Links by which customers see and manage their own webhooks.
import { html, useState } from '../app/preact.js';
import { createOnce, remove } from '../app/api.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { dateTime } from '../app/format.js';
import { checkFilters, FilterFields, filterRequest, filterValues } from '../app/pages/webhook-filters.js';
import { NotInPlan, useWebhookUsage } from '../app/pages/webhooks.js';
import { to } from '../app/router.js';
import { announce, Badge, Button, Confirm, Dialog, Empty, Notice, PagedTable, PageHead, Secret, Time } from '../app/ui.js';
import { usePages } from '../app/use.js';

const LIFETIMES = [['3600', '1 hour'], ['86400', '1 day'], ['604800', '7 days']];
const MOST_WEBHOOKS = 50;

export function PortalLinks() {
  const pages = usePages('api/portal-links', {});
  const none = useWebhookUsage()?.max === 0;
  const [creating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState(null);
  const create = html`<${Button} needs="member" kind="primary" icon="plus" onClick=${() => setCreating(true)}>Create portal link</${Button}>`;
  const columns = [
    { name: 'Customer', className: 'main', cell: link => html`<span class="strong">${link.customer}</span>` },
    { name: 'Access', cell: ({ canManage }) => canManage ? 'Manage' : 'See only' },
    { name: 'Opened', cell: ({ openedAt }) => openedAt ? html`<${Time} at=${openedAt} />` : html`<${Badge}>Not yet</${Badge}>` },
    { name: 'Expires', cell: link => html`<${Time} at=${link.expiresAt} ahead />` },
    { name: 'Created', cell: link => html`<${Time} at=${link.createdAt} /><div class="faint clip">by ${link.createdBy}</div>` },
    { name: 'Revoke', hidden: true, className: 'end', cell: link => html`<${Button} needs="member" kind="small"
      aria-label=${'Revoke the link of ' + link.customer} onClick=${() => setLeaving(link)}>Revoke</${Button}>` },
  ];
  return html`<${PageHead} title="Portal links" back=${{ href: to('/webhooks'), label: 'Webhooks' }}>${!none && create}</${PageHead}>
    <p class="lead">With a portal link, one of your customers sees and manages their own webhooks, and nothing else of your account. The
      guide shows <a href="docs/portal">how your backend creates the links</a>.</p>
    ${none && pages.rows?.length > 0 && html`<${NotInPlan} kept />`}
    <${PagedTable} label="Portal links" pages=${pages} columns=${columns}
      empty=${none ? html`<${NotInPlan} />` : html`<${Empty} icon="people" title="No portal links" action=${create}>Links that have expired are not listed.</${Empty}>`} />
    ${creating && html`<${CreateLink} onClose=${() => {
      setCreating(false);
      pages.reload();
    }} />`}
    ${leaving && html`<${Confirm} title="Revoke this portal link?" action="Revoke portal link" onClose=${() => setLeaving(null)}
        run=${async () => {
      await remove('api/portal-links/' + leaving.id);
      announce('Portal link revoked', 'good');
      pages.reload();
    }}><p>The link and the session that it opened end immediately. The webhooks of <strong>${leaving.customer}</strong> stay.</p></${Confirm}>`}`;
}

function CreateLink({ onClose }) {
  const [made, setMade] = useState(null);
  const form = useForm({ customer: '', lifetime: LIFETIMES[0][0], access: 'manage', maxWebhooks: '5', ...filterValues(null) }, async values => {
    setMade(await createOnce('api/portal-links', {
      customer: values.customer.trim(),
      customerFilters: filterRequest(values).filters,
      expiresInSeconds: Number(values.lifetime),
      canManage: values.access === 'manage',
      maxWebhooks: Number(values.maxWebhooks),
    }));
  }, values => ({
    ...checkFilters(values),
    customer: values.customer.trim() ? '' : 'Enter an ID of the customer',
    maxWebhooks: /^\d+$/.test(values.maxWebhooks) && values.maxWebhooks >= 1 && values.maxWebhooks <= MOST_WEBHOOKS ? ''
      : `Enter a number from 1 to ${MOST_WEBHOOKS}`,
    ...!filterRequest({ ...values, 'filters.metadata': '' }).filters && !values['filters.metadata'].trim()
      && { 'filters.customerEmails': 'Name what makes a license one of this customer’s' },
  }));
  if (made) {
    const url = new URL(made.path.slice(1), new URL('.', location.href)).href;
    return html`<${Dialog} title="Portal link created" wide firm onClose=${onClose}>
      <div class="dialog-body">
        <${Notice} tone="warn" title="Copy the link now">Keyhook shows it only once. It opens once, and ends on ${dateTime(
          made.expiresAt)}. It shows the webhooks of <strong>${made.customer}</strong>.</${Notice}>
        <${Secret} text=${made.url ?? url} what="link" />
      </div>
      <footer class="dialog-foot"><${Button} kind="primary" onClick=${onClose}>I’ve copied the link</${Button}></footer>
    </${Dialog}>`;
  }
  return html`<${FormDialog} form=${form} title="Create portal link" wide action="Create portal link" onClose=${onClose}>
    <${Field} form=${form} name="customer" label="Customer" maxlength="100" autofocus
      hint="Your own ID of the customer. Use the same one for all of their webhooks and links." />
    <${FilterFields} form=${form} title="Licenses of the customer" hint="The customer’s webhooks receive the events of licenses that match each of
      these fields, and of no others. Fill in at least one." />
    <${Field} form=${form} name="access" label="Access" as="select">
      <option value="manage">Manage webhooks</option><option value="see">See webhooks and deliveries</option>
    </${Field}>
    <${Field} form=${form} name="maxWebhooks" label="Webhooks at most" inputmode="numeric" />
    <${Field} form=${form} name="lifetime" label="Ends after" as="select">
      ${LIFETIMES.map(([seconds, label]) => html`<option key=${seconds} value=${seconds}>${label}</option>`)}
    </${Field}>
  </${FormDialog}>`;
}
