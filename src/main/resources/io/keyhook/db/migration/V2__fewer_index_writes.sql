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

-- Every id satisfies the condition, but only a query that repeats it can use the index: the look-up of one device, to
-- which both indexes seem equally good while licenses have few devices, must not walk through all of a license's.
DROP INDEX keyhook.activation_newest;
CREATE INDEX activation_newest ON keyhook.activation (account_id, license_id, activation_id)
  WHERE activation_id > '00000000-0000-0000-0000-000000000000';
