-- Signed validations. Each account has its own Ed25519 keys, created when the first is needed. The key that signs is the one with the
-- latest signs_from that is not in the future: a new key is public for a while before it signs, and the keys before it stay public, so
-- that what they have signed can still be verified. Nodes of the version before sign nothing.
CREATE TABLE IF NOT EXISTS keyhook.signing_key (
  account_id uuid NOT NULL,
  key_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  public_key bytea NOT NULL, -- 32 bytes, RFC 8032
  private_key bytea NOT NULL, -- PKCS #8, AES-256-GCM
  signs_from timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, key_id)
);
