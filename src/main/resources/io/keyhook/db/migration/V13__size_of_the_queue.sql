-- The queue is nearly always empty when PostgreSQL looks at it, and then an empty table seems cheaper to read than an index,
-- in plans that are used long after the queue has filled. PostgreSQL takes the size of a table from its file, whatever the
-- statistics say, so the file never gets smaller than the 1 MB that makes an index cheaper. What makes it so large is
-- deleted in the same transaction, which nobody sees, and is not in the index of what is due.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.delivery_queue SET (vacuum_truncate = off);
INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
  SELECT id, gen_random_uuid(), id, id, '-infinity', 0, false, '-infinity'
  FROM (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS id) z, generate_series(1, 8192);
DELETE FROM keyhook.delivery_queue WHERE account_id = '00000000-0000-0000-0000-000000000000';
