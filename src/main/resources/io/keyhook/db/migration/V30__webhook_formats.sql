-- What a webhook sends, how fast, and which events. A webhook that was always in Keyhook's own format has null in all of it, and none of its
-- deliveries costs more for it. Nodes of the version before know none of this: they send Keyhook's own format, without a limit, and
-- every event.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS format_version int, -- of webhook_format; null: always Keyhook's own
  ADD COLUMN IF NOT EXISTS format text, -- of that version, for reading; null: Keyhook's own
  ADD COLUMN IF NOT EXISTS format_edition smallint,
  ADD COLUMN IF NOT EXISTS templates jsonb, -- by code of the event type, with 0 for all others; null: the default texts
  ADD COLUMN IF NOT EXISTS rate_limit int, -- deliveries per second; null: none
  ADD COLUMN IF NOT EXISTS filters jsonb; -- null: none

-- The formats that webhooks had. They never change, so that a retry is the same as the attempt before it: a delivery names its version in a
-- row beside its event, with the account and day of the event and the delivery's id as a UUID of version 8.
CREATE TABLE IF NOT EXISTS keyhook.webhook_format (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  version int NOT NULL,
  format text, -- null: Keyhook's own
  edition smallint NOT NULL, -- of the default texts
  templates jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, webhook_id, version)
);

-- The pace of webhooks with a rate limit: when a delivery may follow the ones before it. Apart from the webhook, because it changes with
-- every claim.
CREATE TABLE IF NOT EXISTS keyhook.webhook_pace (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  next_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, webhook_id)
) WITH (fillfactor = 50); -- next_at changes in place
