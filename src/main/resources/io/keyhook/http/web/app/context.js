import { createContext, useContext } from './preact.js';

/** `settings` of the server and `me`; each null until it is there. */
export const AppContext = createContext({ settings: null, me: null });

export const useApp = () => useContext(AppContext);
