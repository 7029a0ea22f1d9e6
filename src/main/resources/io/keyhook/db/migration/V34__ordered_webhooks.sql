-- Webhooks that receive the events of a license one at a time and in order. A delivery of such a webhook names its license, and waits in the
-- queue due about two thousand years later than it would be, until those before it are over. All of it is null for other webhooks, whose
-- deliveries have no entry in the index. Nodes of the version before know none of this: they send what is due as it comes, also to these
-- webhooks, but nothing that waits. So an order holds from the time at which all nodes have this version; what waits behind a delivery that
-- another node sent goes on within half a minute.
SET lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS ordering text; -- 'license'; 'ended' while deliveries still wait for an order that was ended; null: none
ALTER TABLE keyhook.delivery_queue
  ADD COLUMN IF NOT EXISTS lane text COLLATE "C", -- the license whose events go in order; null: this delivery does not wait for others
  ADD COLUMN IF NOT EXISTS sequence bigint; -- of the event

-- Finds the delivery of a license whose turn it is: the one that a node holds, or the first. Nodes of the version before serve meanwhile.
SET lock_timeout = '1min';
DROP INDEX CONCURRENTLY IF EXISTS keyhook.delivery_queue_lane;
CREATE INDEX CONCURRENTLY delivery_queue_lane
  ON keyhook.delivery_queue (account_id, webhook_id, lane, leased DESC, sequence, delivery_id) WHERE lane IS NOT NULL;
