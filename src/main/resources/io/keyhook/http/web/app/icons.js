import { html } from './preact.js';

const PATHS = {
  overview: 'M3 13h4v7H3zM10 4h4v16h-4zM17 9h4v11h-4z',
  licenses: 'M15 9a5 5 0 1 0-4.6 5L12 15.6h2.2v2.2h2.2V20H20v-3.4l-5.4-5.4A5 5 0 0 0 15 9ZM8.6 8.6h.01',
  policies: 'M4 5h16v5H4zM4 14h7v5H4zM15 14h5v5h-5z',
  webhooks: 'M12 8.5a3 3 0 1 0-2.7-1.6L6.4 12M14.8 8.2l3 5.2M9 17.2h5.8M6 20a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM18 20a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  deliveries: 'M4 6h16M4 12h16M4 18h10',
  keys: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.2a6.5 6.5 0 0 1 3.5 5.8',
  audit: 'M7 3h7l5 5v13H7zM14 3v5h5M10 13h6M10 17h6',
  plan: 'M3 7h18v12H3zM3 11h18M7 15h4',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM8 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  guide: 'M12 6c-2-1.5-5-2-8-1.5v13c3-.5 6 0 8 1.5 2-1.5 5-2 8-1.5v-13c-3-.5-6 0-8 1.5ZM12 6v13',
  logout: 'M14 4H5v16h9M10 12h10M17 8l4 4-4 4',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9.5 16.5h-19zM12 10v4.5M12 17.5v.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5M12 8v.01',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.5 4.5',
  left: 'M14.5 6l-6 6 6 6',
  right: 'M9.5 6l6 6-6 6',
  repeat: 'M4 12a8 8 0 0 1 14-5.300L20 9M20 4v5h-5M20 12a8 8 0 0 1-14 5.300L4 15M4 20v-5h5',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4 20h16',
  upload: 'M12 15.5V4M7.5 8L12 3.5 16.5 8M4 20h16',
  send: 'M4 12l16-7-5 15-3.5-6.5zM11.5 13.5L20 5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.5l3.5 2',
  device: 'M3 5h18v11H3zM8 20h8M12 16v4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
};

/** Decoration: what it means is in words beside it. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

export function Logo() {
  return html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M16 13.6V20a4.4 4.4 0 1 1-8.8 0M16 17.600h4.600M19.6 10a3.6 3.6 0 1 1-7.2 0 3.6 3.6 0 0 1 7.2 0Z" />
  </svg>`;
}
