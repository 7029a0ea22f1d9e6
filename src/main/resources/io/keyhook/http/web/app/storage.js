// Storage of this browser and of this tab. If the browser denies storage, nothing is kept.

export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param value null removes it */
export function remember(key, value) {
  try {
    if (value === null) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, value);
    }
  } catch {
    // storage is denied
  }
}

/** A map that this tab keeps across reloads. @returns an empty map if there is none */
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
    // storage is denied or full
  }
}
