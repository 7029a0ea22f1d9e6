// Preact, with htm for its markup: one place to take both from.
import { h } from '../vendor/preact.js';
import htm from '../vendor/htm.js';

export { createContext, render } from '../vendor/preact.js';
export * from '../vendor/hooks.js';

export const html = htm.bind(h);
