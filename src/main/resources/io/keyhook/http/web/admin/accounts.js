import { html } from '../app/preact.js';
import { FilterInput } from '../app/form.js';
import { planName } from '../app/format.js';
import { clearFilters, filter, to, useLocation } from '../app/router.js';
import { Badge, Empty, PagedTable, PageHead, Time } from '../app/ui.js';
import { usePages } from '../app/use.js';

/** The state of an account, and why it is so. */
export function AccountState({ account, withReason }) {
  return html`${account.suspendedAt ? html`<${Badge} tone="bad">Suspended</${Badge}>` : html`<${Badge} tone="good">Active</${Badge}>`}
    ${withReason && account.suspendedAt && account.suspensionReason && html`<div class="faint">${account.suspensionReason}</div>`}`;
}

export function AccountList() {
  const { query: { email = '' } } = useLocation();
  const pages = usePages('api/admin/accounts', { email });
  const columns = [
    { name: 'Account', className: 'main', cell: account => html`<a class="strong" href=${to('/accounts/' + account.id)}>${account.name}</a>
      <div class="faint clip">${account.email ?? 'No team member is left'}</div>` },
    { name: 'Plan', cell: account => planName(account.plan) },
    { name: 'Status', cell: account => html`<${AccountState} account=${account} withReason />` },
    { name: 'Created', cell: account => html`<${Time} at=${account.createdAt} />` },
    { name: 'ID', className: 'roomy', cell: account => html`<span class="mono clip">${account.id}</span>` },
  ];
  return html`<${PageHead} title="Accounts" />
    <div class="filters"><${FilterInput} label="E-mail of a team member" value=${email} type="search" maxlength="320"
      placeholder="jane@example.com" onChange=${email => filter({ email }, { typed: 'email' })} /></div>
    <${PagedTable} label="Accounts" pages=${pages} columns=${columns} filtered=${email} onClear=${clearFilters}
      empty=${html`<${Empty} icon="people" title="No accounts yet" />`} />`;
}
