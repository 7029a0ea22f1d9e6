-- Passkeys (WebAuthn) of team members. A login names its account and its user in the user handle, so that nothing is looked up across
-- accounts. Nodes of the version before do not know passkeys: their users log in with the password.
CREATE TABLE IF NOT EXISTS keyhook.passkey (
  account_id uuid NOT NULL,
  user_id uuid NOT NULL,
  passkey_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  name text NOT NULL,
  origin text NOT NULL, -- of the pages that it was created for
  credential_id bytea NOT NULL, -- as the browser names it
  credential bytea NOT NULL, -- the attested credential data of WebAuthn, with the public key
  sign_count bigint NOT NULL, -- grows with each use, or stays 0
  backup_eligible boolean NOT NULL, -- whether it may be on several devices
  backed_up boolean NOT NULL, -- whether it was, when it was last used
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz, -- null: never
  PRIMARY KEY (account_id, user_id, passkey_id)
);

-- Challenges that were used, until they would have expired: none works twice. Those that were not used are nowhere, because they
-- carry a MAC. Those that have expired are deleted with the next use in the account.
CREATE TABLE IF NOT EXISTS keyhook.passkey_challenge (
  account_id uuid NOT NULL,
  nonce bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, nonce)
);
