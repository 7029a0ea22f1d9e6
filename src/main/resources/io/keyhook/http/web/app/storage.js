// What is kept in this browser, or for this tab; where the browser keeps nothing for this page, the page does without.

export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param value null: nothing any more */
export function remember(key, value) {
  try {
    if (value === null) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, value);
    }
  } catch {
    // storage is closed to this page
  }
}

/** What this tab kept, also over a reload. @returns an empty map where there is nothing */
export function recalled(key) {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(key)) ?? []);
  } catch {
    return new Map();
  }
}

/** Keeps the newest entries of a map for this tab. */
export function recall(key, map, most) {
  try {
    sessionStorage.setItem(key, JSON.stringify([...map].slice(-most)));
  } catch {
    // storage is closed to this page, or full
  }
}
