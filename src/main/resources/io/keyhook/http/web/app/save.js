/**
 * Saves CSV as a file, as a download would. The file begins with a byte order mark, without which Excel does not read UTF-8;
 * reading a response as text removes the one that the server sent.
 */
export function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
