-- Requests that were sent with an Idempotency-Key, for 24 h: one row a key, inserted before the request is carried out and
-- given its answer in the transaction of the change. An answer can hold a secret that is told once, and a request a password,
-- so both are sealed with the master key.
CREATE TABLE keyhook.idempotency (
  account_id uuid NOT NULL, -- all zeros: the operator
  key_id uuid NOT NULL, -- the first half of the key's SHA-256
  request bytea NOT NULL, -- sealed SHA-256 of the request: another one under the same key is refused
  token uuid NOT NULL, -- of the node's claim: one that was taken over commits nothing
  leased_until timestamptz NOT NULL, -- when a claim without an answer may be taken over
  status smallint, -- of HTTP; null: no answer yet
  answer bytea, -- sealed, compressed JSON
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, key_id),
  CHECK (octet_length(answer) <= 1100000)
);
CREATE INDEX idempotency_expiry ON keyhook.idempotency (expires_at);
