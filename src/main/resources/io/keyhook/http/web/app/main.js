import { html, render } from '../vendor/preact.js'; render(html`<p>Keyhook</p>`, document.getElementById('app'));
