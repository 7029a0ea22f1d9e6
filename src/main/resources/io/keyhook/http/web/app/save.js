import { saveFile } from './api.js';

/**
 * Saves CSV as a file, as a download would. The file begins with a byte order mark, without which Excel does not read UTF-8;
 * reading a response as text removes the one that the server sent.
 */
export function save(name, text) {
  saveFile(name, new Blob(['\ufeff', text], { type: 'text/csv' }));
}
