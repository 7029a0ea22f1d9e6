import { html } from '../preact.js';
import { Filter } from '../form.js';
import { clearFilters, filter, to, useLocation } from '../router.js';
import { Button, Empty, PagedTable, PageHead, Time } from '../ui.js';
import { usePages } from '../use.js';
import { AUDIT_ACTIONS, fieldName, FIRST_START, subjectPath } from '../words.js';

const ACTIONS = [['', 'All actions'], ...Object.entries(AUDIT_ACTIONS)];

export function AuditLog() {
  const { query: { action = '', subjectId = '' } } = useLocation();
  return html`<${PageHead} title="Audit log" />
    <p class="lead">Who changed what, when and from which address. Entries are never changed or deleted.</p>
    <div class="filters">
      <${Filter} label="Action" value=${action} options=${ACTIONS}
          onChange=${action => filter({ action })} />
      ${subjectId && html`<${Button} icon="close" onClick=${() => filter({ subjectId: null })}>Only ${subjectId}</${Button}>`}
    </div>
    <${AuditTable} query=${{ action, subjectId }} withSubject onClear=${clearFilters} />`;
}

/**
 * Entries of the audit log, also for the page of one subject, where the subject's column is left out.
 *
 * @param links whether subjects have pages here
 */
export function AuditTable({ path = 'api/audit', query, size, version, name, withSubject, links = true, onClear }) {
  const pages = usePages(path, query, { size, version, name });
  const columns = [
    { name: 'Action', className: 'main', cell: entry => html`<span
        class="strong">${AUDIT_ACTIONS[entry.action] ?? entry.action}</span>
      ${entry.changed.length > 0 && html`<div class="faint">${entry.changed.map(fieldName).join(', ')}</div>`}` },
    withSubject && { name: 'Subject', className: 'rest', cell: entry => html`<${Subject} id=${entry.subjectId} links=${links} />` },
    { name: 'Actor', cell: ({ actor }) => html`<span class="clip">${actor === FIRST_START ? 'First start' : actor}</span>` },
    { name: 'Address', className: 'roomy', cell: entry => entry.ipAddress ? html`<span
        class="mono">${entry.ipAddress}</span>` : html`<span class="faint">–</span>` },
    { name: 'Time', cell: entry => html`<${Time} at=${entry.createdAt} />` },
  ].filter(Boolean);
  return html`<${PagedTable} label="Audit log" pages=${pages} columns=${columns}
      filtered=${onClear && (query.action || query.subjectId)}
    onClear=${onClear} empty=${html`<${Empty} icon="audit"
        title="No entries yet">Changes that team members and API keys make appear here.</${Empty}>`} />`;
}

function Subject({ id, links }) {
  const path = links && subjectPath(id);
  return path ? html`<a class="mono clip" href=${to(path)}>${id}</a>` : html`<span class="mono clip">${id}</span>`;
}
