import { createContext, useContext } from './preact.js';

/** `settings` of the server and `me`, each as useLoad gives it. */
export const AppContext = createContext();

export const useApp = () => useContext(AppContext);
