-- A delivery that succeeds at once is the common case, and most of what it costs the database are index entries.

-- PostgreSQL has UUIDv7 from 18 on, at less than half the price.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 180000 THEN
    EXECUTE 'CREATE OR REPLACE FUNCTION keyhook.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
      RETURN pg_catalog.uuidv7()';
  END IF;
END
$$;

-- One index serves a webhook's list and a single delivery alike: an account has a few webhooks, and each is asked.
ALTER TABLE keyhook.delivery DROP CONSTRAINT delivery_pkey;
DROP INDEX keyhook.delivery_newest;
ALTER TABLE keyhook.delivery ADD PRIMARY KEY (account_id, webhook_id, delivery_id, keep_until);

ALTER TABLE keyhook.delivery_queue DROP CONSTRAINT delivery_queue_pkey;
ALTER TABLE keyhook.delivery_queue ADD PRIMARY KEY (account_id, webhook_id, delivery_id);

-- Where two indexes begin with the same columns, they seem equally good for finding one row while statistics say that
-- there are few; and then a look-up of one delivery walks through all of its webhook's, and of one device through all of
-- its license's. Every row satisfies the conditions below, but only a query that repeats one can use its index.
DROP INDEX keyhook.delivery_queue_due;
CREATE INDEX delivery_queue_due ON keyhook.delivery_queue (account_id, webhook_id, due_at) WHERE due_at > '-infinity';
DROP INDEX keyhook.activation_newest;
CREATE INDEX activation_newest ON keyhook.activation (account_id, license_id, activation_id)
  WHERE activation_id > '00000000-0000-0000-0000-000000000000';
