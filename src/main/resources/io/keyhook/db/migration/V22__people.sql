-- What team members may do. Those who are there, and those whom a node of an earlier version adds, may do everything.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.member ADD COLUMN IF NOT EXISTS role text NOT NULL DEFAULT 'owner';
ALTER TABLE keyhook.member ADD COLUMN IF NOT EXISTS name text; -- null: nobody has given one

-- Links that are good for one use: invitations to an account, and new passwords. A link names its row and holds a secret, of
-- which only the SHA-256 is kept: it is random enough to need no salt and no slow hash.
CREATE TABLE IF NOT EXISTS keyhook.account_link (
  account_id uuid NOT NULL,
  link_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  email text NOT NULL, -- whom it is for
  role text, -- of the invited person
  user_id uuid, -- whose password is to be set; null: it is an invitation
  secret_hash bytea NOT NULL,
  created_by text NOT NULL,
  creator_id text, -- user or API key, with which the link ends; null: an administrator
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, link_id)
);

-- Where a session is in use, for its owner: as its browser names itself, and the address of its latest use.
ALTER TABLE keyhook.session
  ADD COLUMN IF NOT EXISTS user_agent text, -- null: unknown
  ADD COLUMN IF NOT EXISTS ip_address text; -- null: unknown

-- Keys that may do less than everything, or expire. Their hash is of another form (see ApiKeys), so that nodes of earlier versions, which
-- know neither, refuse them.
ALTER TABLE keyhook.api_key
  ADD COLUMN IF NOT EXISTS scopes text[], -- null: full access
  ADD COLUMN IF NOT EXISTS expires_at timestamptz; -- null: never

-- Two-factor authentication. Keys are sealed under the master key; recovery codes, which are random, are hashed with SHA-256.
ALTER TABLE keyhook.member
  ADD COLUMN IF NOT EXISTS totp_secret bytea, -- null: it is off
  ADD COLUMN IF NOT EXISTS totp_pending bytea, -- until a first code shows that the app has the key
  ADD COLUMN IF NOT EXISTS totp_step bigint, -- of the latest code that was used: no code works twice
  ADD COLUMN IF NOT EXISTS recovery_codes bytea[], -- those that were not used
  ADD COLUMN IF NOT EXISTS totp_failures integer NOT NULL DEFAULT 0, -- wrong codes since the last right one
  ADD COLUMN IF NOT EXISTS totp_retry_at timestamptz; -- no code is compared before; null: at any time
