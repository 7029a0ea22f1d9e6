-- Webhooks that belong to a customer of the account, and the links by which the customer sees and manages them.
--
-- The filters of such a webhook are an object that nodes of all versions compare: what the filters of the customer ("within") and those of
-- the webhook ("own") have in common. Nodes of the version before know neither; the constraint refuses their changes of the filters, and of
-- the events to ones about webhooks, which name webhooks of others.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook ADD COLUMN IF NOT EXISTS customer text; -- set at creation and never changed; null: the account's own
ALTER TABLE keyhook.webhook DROP CONSTRAINT IF EXISTS webhook_of_customer;
ALTER TABLE keyhook.webhook ADD CONSTRAINT webhook_of_customer CHECK (
  customer IS NULL OR deleted_at IS NOT NULL
  OR filters IS NOT NULL AND filters ? 'within' AND NOT events && '{12,13,14}'::smallint[]) NOT VALID; -- it holds for all rows that there are

-- A link names its row and holds a secret, of which only the SHA-256 is kept, as in V22. Opening the link replaces the secret by that of the
-- session, so that a link opens once, and both end together.
CREATE TABLE IF NOT EXISTS keyhook.portal_link (
  account_id uuid NOT NULL,
  link_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  customer text NOT NULL,
  customer_filters jsonb NOT NULL, -- of the webhooks that are created through it
  events text[], -- that its webhooks may subscribe to; null: all about licenses
  can_manage boolean NOT NULL,
  max_webhooks int NOT NULL, -- of the customer
  secret_hash bytea NOT NULL,
  opened_at timestamptz, -- null: nobody has opened it
  created_by text NOT NULL,
  creator_id text, -- user or API key, with which the link ends; null: an application that embeds Keyhook
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, link_id)
);
CREATE INDEX IF NOT EXISTS portal_link_expiry ON keyhook.portal_link (expires_at);
