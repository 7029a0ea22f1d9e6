-- Finds webhooks with deliveries that waited for them to resume. Nodes of the version before serve meanwhile.
SET lock_timeout = '1min';
DROP INDEX CONCURRENTLY IF EXISTS keyhook.delivery_queue_parked;
CREATE INDEX CONCURRENTLY delivery_queue_parked ON keyhook.delivery_queue (account_id, webhook_id, due_at)
  WHERE due_at >= timestamptz '3000-01-01 00:00:00+00';
