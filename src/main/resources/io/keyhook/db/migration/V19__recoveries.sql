-- Recoveries of failed deliveries, which any node continues.
CREATE TABLE IF NOT EXISTS keyhook.recovery (
  account_id uuid NOT NULL,
  recovery_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  webhook_id uuid NOT NULL,
  status smallint NOT NULL DEFAULT 0,
  since timestamptz NOT NULL,
  until timestamptz,
  types smallint[], -- null: all
  results text[], -- null: all
  after_id uuid NOT NULL, -- deliveries up to this one are done
  before_id uuid NOT NULL, -- deliveries from this one on are left alone
  total bigint NOT NULL,
  recovered bigint NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(), -- of its next step
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (account_id, recovery_id)
) WITH (fillfactor = 50); -- counted up in place
CREATE INDEX IF NOT EXISTS recovery_of_webhook ON keyhook.recovery (account_id, webhook_id, recovery_id);
CREATE INDEX IF NOT EXISTS recovery_running ON keyhook.recovery (account_id, webhook_id, recovery_id) WHERE ended_at IS NULL;
