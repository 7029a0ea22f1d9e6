// The server's rules for passwords and e-mail addresses.
const SHORTEST = 8;
const LONGEST = 200;

export const PASSWORD_HINT = `At least ${SHORTEST} characters; a few unrelated words make a good one.`;

/** The problem with a password; '' if there is none. */
export function checkPassword(password) {
  const length = [...password].length; // code points, as the server counts them
  return length < SHORTEST ? `Must have at least ${SHORTEST} characters`
    : length > LONGEST ? `Must have at most ${LONGEST} characters` : '';
}

export function checkEmail(email) {
  return /^[^\s@]+@[^\s@]+$/.test(email) ? '' : 'Enter an e-mail address such as ada@example.com';
}

/** The fields of a user's proof, and what is wrong with them; '' if nothing is. */
export const NO_PROOF = { currentPassword: '', code: '' };

export const checkProof = ({ currentPassword, code }, twoFactor) => ({
  currentPassword: currentPassword ? '' : 'Enter your current password',
  code: !twoFactor || code ? '' : 'Enter the code',
});

/** Shows an error of a password or a code at its field. */
export const atItsField = run => async values => {
  try {
    await run(values);
  } catch (e) {
    if (e.code === 'WRONG_PASSWORD') {
      e.fields = { currentPassword: 'Wrong password' };
    } else if (e.code === 'WRONG_CODE' || e.code === 'CODE_REQUIRED') {
      e.fields = { code: e.message };
    }
    throw e;
  }
};
