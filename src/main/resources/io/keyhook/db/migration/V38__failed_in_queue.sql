-- Finds the deliveries that have failed among those that wait for their first attempt. A row gets into it with its first failure, when the
-- index of its next attempt is written as well. Nodes of the version before serve meanwhile.
SET lock_timeout = '1min';
DROP INDEX CONCURRENTLY IF EXISTS keyhook.delivery_queue_failed;
CREATE INDEX CONCURRENTLY delivery_queue_failed ON keyhook.delivery_queue (account_id, webhook_id, delivery_id)
  WHERE attempts IS NOT NULL;
