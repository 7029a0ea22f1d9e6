-- The deliveries of a paused webhook stay in the queue, due about a thousand years later than they would be. Nodes of the
-- version before do not know of pauses, but send nothing before it is due.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS paused_at timestamptz, -- null: not paused
  ADD COLUMN IF NOT EXISTS resumed_at timestamptz; -- the last time; null: never
