-- Who is logged in to the dashboard. A cookie names its row and holds a secret that changes each time it is used; only the
-- SHA-256 of the secret is kept, which is random enough to need no salt and no slow hash.
CREATE TABLE keyhook.session (
  account_id uuid NOT NULL,
  session_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  user_id uuid NOT NULL,
  secret_hash bytea NOT NULL,
  previous_hash bytea, -- good for a moment more: two tabs may use one cookie at once
  rotated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, session_id)
) WITH (fillfactor = 80); -- secrets change in place
CREATE INDEX session_expiry ON keyhook.session (expires_at);
-- To end a person's. Every row satisfies the condition, but only a query that repeats it can use the index (see V2).
CREATE INDEX session_of_user ON keyhook.session (account_id, user_id)
  WHERE session_id > '00000000-0000-0000-0000-000000000000';

ALTER TABLE keyhook.member ADD COLUMN last_login_at timestamptz;

-- Lists of licenses in other orders than by age, with the id for those that are alike. What never expires does so last.
CREATE INDEX license_name ON keyhook.license (account_id, lower(name), license_id)
  WHERE license_id > '00000000-0000-0000-0000-000000000000';
CREATE INDEX license_expires ON keyhook.license (account_id, coalesce(expires_at, 'infinity'::timestamptz), license_id)
  WHERE license_id > '00000000-0000-0000-0000-000000000000';
