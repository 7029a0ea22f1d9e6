import { createContext, useContext } from './preact.js';

/** `settings` of the server and `me`, each as useLoad gives it. */
export const AppContext = createContext();

export const useApp = () => useContext(AppContext);

/** As in the API: each role includes the ones before it. */
export const ROLES = ['read_only', 'support', 'member', 'owner'];

/** Whether the role of the user is at least this one; not before it is known. @param needed undefined: anyone may */
export function useMay(needed) {
  const role = useApp()?.me.data?.role;
  return !needed || ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
