import { html } from '../preact.js';
import { Later } from '../ui.js';

/** Recovers the failed deliveries of one webhook, in a dialog that few visits need. */
export const Recover = props => html`<${Later} load=${() => import('../../later/recover.js')} name="Recover" ...${props} />`;
