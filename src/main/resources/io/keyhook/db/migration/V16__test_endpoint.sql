-- The built-in test endpoint: one an account, and the latest requests that it received. A request replaces the one that came
-- 50 before it, so an account never has more rows than that.
CREATE TABLE IF NOT EXISTS keyhook.test_endpoint (
  account_id uuid NOT NULL,
  token text COLLATE "C" NOT NULL, -- the path of its URL
  received bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id)
) WITH (fillfactor = 80); -- received is counted up in place
CREATE INDEX IF NOT EXISTS test_endpoint_expiry ON keyhook.test_endpoint (expires_at);

CREATE TABLE IF NOT EXISTS keyhook.test_request (
  account_id uuid NOT NULL,
  slot smallint NOT NULL, -- the number modulo 50
  number bigint NOT NULL, -- 1 for the first request of an endpoint
  received_at timestamptz NOT NULL DEFAULT now(),
  signature_valid boolean NOT NULL,
  headers json NOT NULL, -- in the order in which they were sent
  body text NOT NULL,
  PRIMARY KEY (account_id, slot)
);
