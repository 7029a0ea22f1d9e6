import { html, useEffect, useRef, useState } from '../preact.js';
import { announce, Button, Dialog, Empty, Later, Notice, PagedTable, PageHead, StatusBadge, Time } from '../ui.js';
import { getCsv, importOnce } from '../api.js';
import { save } from '../save.js';
import { useMay } from '../context.js';
import { date, number, plural } from '../format.js';
import { Filter, FilterInput } from '../form.js';
import { clearFilters, filter, here, replaceQuery, to, useLocation } from '../router.js';
import { usePages, useStateOf } from '../use.js';
import { LICENSE_STATUS } from '../words.js';
import { NameOf } from './terms.js';

const STATUSES = [['', 'Any status'], ['active', 'Active'], ['disabled', 'Disabled'], ['expired', 'Expired']];
const SORTS = [['', 'Newest first'], ['createdAt', 'Oldest first'], ['name', 'Name, A to Z'], ['-name', 'Name, Z to A'],
  ['expiresAt', 'Expires soonest'], ['-expiresAt', 'Expires latest']];

export function LicenseList() {
  const { query } = useLocation();
  const { search = '', status = '', sort = '', policyId = '', productId = '' } = query;
  const [dialog, setDialog] = useState(null);
  const mayCreate = useMay('member');
  const maySelect = useMay('support');
  useEffect(() => query.create && mayCreate && setDialog('create'), [query.create, mayCreate]);
  const pages = usePages('api/licenses', { search, status, sort, policyId, productId });
  // licenses by ID as the list last showed them, on any of its pages
  const [selected, setSelected] = useStateOf(pages.key, () => new Map());
  const select = change => setSelected(selected => {
    const shown = new Map((pages.rows ?? []).map(license => [license.id, license]));
    return new Map([...change(new Set(selected.keys()))].map(id => [id, shown.get(id) ?? selected.get(id)]));
  });
  const current = [...selected].map(([id, license]) => pages.rows?.find(row => row.id === id) ?? license);
  const close = () => {
    setDialog(null);
    replaceQuery({ ...here().query, create: null });
  };
  const create = html`<${Button} needs="member" kind="primary" icon="plus"
      onClick=${() => setDialog('create')}>Create license</${Button}>`;
  return html`<${PageHead} title="Licenses">
      <${Export} query=${{ search, status, sort, policyId, productId }} />
      <${Button} needs="member" icon="upload" onClick=${() => setDialog('import')}>Import</${Button}>
      ${create}
    </${PageHead}>
    <div class="filters" role="search">
      <${FilterInput} label="Search" type="search" placeholder="Name, key, customer" value=${search}
          onChange=${search => filter({ search }, { typed: 'search' })} />
      <${Filter} label="Status" value=${status} options=${STATUSES} onChange=${status => filter({ status })} />
      <${Filter} label="Sort by" value=${sort} options=${SORTS} onChange=${sort => filter({ sort })} />
      ${policyId && html`<${Button} icon="close" onClick=${() => filter({ policyId: null })}>Only <${NameOf}
          kind="policies" id=${policyId} key=${policyId} /></${Button}>`}
      ${productId && html`<${Button} icon="close" onClick=${() => filter({ productId: null })}>Only <${NameOf}
          kind="products" id=${productId} key=${productId} /></${Button}>`}
    </div>
    <${PagedTable} label="Licenses" pages=${pages} columns=${COLUMNS} filtered=${search || status || policyId || productId} onClear=${clearFilters}
      selected=${maySelect ? selected : null} onSelect=${select} rowName=${license => license.name}
      empty=${html`<${Empty} icon="licenses" title="No licenses yet"
          action=${create}>A license is what your customer buys. Its key activates your app on as many devices as you allow.</${Empty}>`} />
    ${selected.size > 0 && html`<${Later} load=${() => import('../../later/license-bulk.js')} name="BulkActions"
      selected=${current} onChanged=${changed => {
        const byId = new Map(changed.filter(Boolean).map(license => [license.id, license]));
        setSelected(selected => new Map([...selected].map(([id, license]) => [id, byId.get(id) ?? license])));
        pages.reload();
      }}
      onClose=${() => setSelected(() => new Map())} />`}
    ${dialog === 'create' && html`<${Later} load=${() => import('../../later/license-form.js')} name="CreateLicense"
      onClose=${close} onCreated=${pages.reload} />`}
    ${dialog === 'import' && html`<${Import} onClose=${close} onImported=${pages.reload} />`}`;
}

const COLUMNS = [
  { name: 'Name', className: 'main', cell: license => html`<a class="row-link"
      href=${to('/licenses/' + license.id)}>${license.name}</a>
    ${(license.customerName || license.customerEmail) && html`<div
        class="faint clip">${license.customerName ?? license.customerEmail}</div>`}` },
  { name: 'Key', cell: license => html`<code class="clip">${license.key}</code>` },
  { name: 'Status', className: 'badge-cell', cell: license => html`<${StatusBadge} words=${LICENSE_STATUS} status=${license.status} />` },
  { name: 'Activations', numeric: true, cell: license => `${number(license.currentActivations)} of ${number(license.maxActivations)}` },
  { name: 'Expires', cell: license => license.expiresAt ? html`<time
      datetime=${license.expiresAt}>${date(license.expiresAt)}</time>`
    : html`<span class="faint">Never</span>` },
  { name: 'Created', className: 'roomy', cell: license => html`<${Time} at=${license.createdAt} />` },
];

function Export({ query }) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      save('licenses.csv', await getCsv('api/licenses/export', query));
      announce('Exported as licenses.csv', 'good');
    } catch (e) {
      announce(e.message, 'bad');
    }
    setBusy(false);
  };
  return html`<${Button} icon="download" busy=${busy} onClick=${run}>Export</${Button}>`;
}

const EXAMPLE = `name,maxActivations,expiresAt,customerName,customerEmail
"Editor, team",5,2027-12-31T00:00:00Z,Ada,ada@example.com
Viewer,1,,,`;
const MAX_FILE = 1024 * 1024;

/** Throws if a file is not in UTF-8: it would be read with other letters than it has. */
async function checkEncoding(file) {
  const bytes = await file.arrayBuffer();
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('The file is not in UTF-8. In your spreadsheet, save it as “CSV UTF-8” and choose it again.');
  }
}

function Import({ onClose, onImported }) {
  const [file, setFile] = useState(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const input = useRef();
  const run = async () => {
    if (!file) {
      setError({ message: 'Choose a file.' });
      input.current.focus();
      return;
    }
    if (file.size > MAX_FILE) {
      setError({ message: 'The file is larger than 1 MB. Split it and repeat the header line in each part.' });
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await checkEncoding(file);
      const { created } = await importOnce('api/licenses/import', await file.text());
      announce(plural(created, 'license') + ' imported', 'good');
      onImported();
      onClose();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Import licenses" wide firm=${busy} onClose=${onClose}>
    <div class="dialog-body">
      <p>Choose a CSV file whose first line names the columns. Only <code>name</code> is required. Add <code>key</code> to
        import existing keys. Import is all-or-nothing.</p>
      <p>An exported file restores its licenses, including disabled and expired ones, if their keys are not in use. Devices
        activate again when they validate.</p>
      <pre class="example" tabindex="0" role="group" aria-label="Example file">${EXAMPLE}</pre>
      <div class="field"><label for="import-file">CSV file</label>
        <input id="import-file" ref=${input} type="file" accept=".csv,text/csv"
            onChange=${event => setFile(event.target.files[0] ?? null)} /></div>
      ${error && html`<${Notice} tone="bad" role="alert" title=${error.errors?.length ? 'Nothing was imported' : error.message}>
        ${error.errors?.length > 0 && html`<ul>${error.errors.map(({ field, message }, i) =>
          html`<li key=${i}>${field}: ${message}</li>`)}</ul>`}
        ${error.code === 'PLAN_LIMIT_REACHED' && html`<a href="#/plan">View plans</a>`}</${Notice}>`}
    </div>
    <footer class="dialog-foot"><${Button} disabled=${busy} onClick=${onClose}>Cancel</${Button}>
      <${Button} kind="primary" busy=${busy} onClick=${run}>Import</${Button}></footer>
  </${Dialog}>`;
}
