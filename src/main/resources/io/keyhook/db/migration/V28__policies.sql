-- Policies, which many licenses take their terms from, and products, to which licenses belong.
--
-- Nodes of the version before serve meanwhile: they know no policy, and nobody can have created one. A license has the limit and the
-- expiry of its policy in the columns that it always had, so that lists, expiries and nodes of that version need not know it. Nothing
-- here blocks reads or writes for long, and each step can run again after a failure halfway.
SET lock_timeout = '1min';

CREATE TABLE IF NOT EXISTS keyhook.product (
  account_id uuid NOT NULL,
  product_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, product_id)
);

CREATE TABLE IF NOT EXISTS keyhook.policy (
  account_id uuid NOT NULL,
  policy_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  name text NOT NULL,
  duration_seconds int, -- null: licenses do not expire
  expiry_basis text NOT NULL, -- what the duration counts from: creation or first_activation
  trial boolean NOT NULL,
  max_activations int NOT NULL,
  grace_seconds int NOT NULL,
  heartbeat_seconds int, -- null: activations are not freed
  lease_seconds int, -- null: no leases
  product_id uuid, -- null: none
  entitlements jsonb, -- null: none
  revised_after uuid, -- the last license that has the changed limit and expiry; null: all have them
  revised_by text, -- who changed them
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, policy_id)
);
CREATE INDEX IF NOT EXISTS policy_revised ON keyhook.policy (account_id, policy_id) WHERE revised_after IS NOT NULL;

DO $$
BEGIN
  SET LOCAL lock_timeout = '10s';
  ALTER TABLE keyhook.license
    ADD COLUMN IF NOT EXISTS policy_id uuid, -- null: none
    ADD COLUMN IF NOT EXISTS product_id uuid, -- null: that of its policy
    ADD COLUMN IF NOT EXISTS heartbeat_seconds int, -- null: that of its policy
    ADD COLUMN IF NOT EXISTS entitlements jsonb, -- beside those of its policy
    ADD COLUMN IF NOT EXISTS limit_of_policy boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS expiry_of_policy boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS first_activated_at timestamptz; -- of a license with a policy
END $$;

DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_of_policy;
CREATE INDEX CONCURRENTLY license_of_policy ON keyhook.license (account_id, policy_id, license_id) WHERE policy_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_of_product;
CREATE INDEX CONCURRENTLY license_of_product ON keyhook.license (account_id, product_id, license_id) WHERE product_id IS NOT NULL;
-- Licenses of which activations may be freed.
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_with_heartbeat;
CREATE INDEX CONCURRENTLY license_with_heartbeat ON keyhook.license (account_id, license_id)
  WHERE policy_id IS NOT NULL OR heartbeat_seconds IS NOT NULL;
