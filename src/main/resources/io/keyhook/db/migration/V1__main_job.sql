-- Everything stands in the schema keyhook, so that a host application's database can hold it beside its own tables.
-- Every table has account_id in its primary key: on a distributed PostgreSQL that is what it is distributed by.

-- UUIDv7 (RFC 9562) by the database's clock, on every server from 15 on: a random UUIDv4 whose first 52 bits are
-- replaced by the milliseconds since 1970 and the version. Ids sort by time, whatever a node's clock says.
CREATE FUNCTION keyhook.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT overlay(gen_random_uuid()::text
    PLACING overlay(lpad(to_hex(floor(extract(epoch FROM now()) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0) || '-7'
    FROM 1 FOR 15)::uuid
$$;

CREATE TABLE keyhook.account (
  account_id uuid PRIMARY KEY DEFAULT keyhook.uuid_v7(),
  name text NOT NULL,
  plan text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE keyhook.member (
  account_id uuid NOT NULL,
  user_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  email text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, user_id)
);
-- Who logs in says only an e-mail, so it names one person over all accounts.
CREATE UNIQUE INDEX member_email ON keyhook.member (lower(email));

CREATE TABLE keyhook.api_key (
  account_id uuid NOT NULL,
  key_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  name text NOT NULL,
  hint text NOT NULL,
  key_hash bytea NOT NULL, -- SHA-256: the key itself is random enough to need no salt and no slow hash
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  PRIMARY KEY (account_id, key_id)
) WITH (fillfactor = 80); -- last_used_at changes in place
CREATE INDEX api_key_hash ON keyhook.api_key (key_hash);

CREATE TABLE keyhook.license (
  account_id uuid NOT NULL,
  license_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  key text COLLATE "C" NOT NULL,
  name text NOT NULL,
  max_activations int NOT NULL,
  activations int NOT NULL DEFAULT 0,
  expires_at timestamptz,
  disabled_at timestamptz,
  disabled_by text,
  customer_name text,
  customer_email text,
  metadata json,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, license_id)
) WITH (fillfactor = 85); -- activations is counted up in place
-- A key is unique over all accounts and in any case. Keys are ASCII, and "C" makes upper() and comparing cheap.
CREATE UNIQUE INDEX license_key ON keyhook.license (upper(key));

-- Licenses whose license.expired is still to be raised. Apart from the license, because taking a narrow row away costs a
-- fraction of rewriting a wide one with its indexes, and many may expire in one second.
CREATE TABLE keyhook.license_expiry (
  account_id uuid NOT NULL,
  license_id uuid NOT NULL,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, license_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX license_expiry_due ON keyhook.license_expiry (due_at);

CREATE TABLE keyhook.activation (
  account_id uuid NOT NULL,
  license_id uuid NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  activation_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  device_name text,
  device_type text,
  ip_address text,
  activated_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, license_id, fingerprint)
) WITH (fillfactor = 85); -- last_seen_at changes in place
CREATE INDEX activation_newest ON keyhook.activation (account_id, license_id, activation_id);

CREATE TABLE keyhook.webhook (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  url text NOT NULL,
  events smallint[] NOT NULL,
  is_active boolean NOT NULL,
  description text,
  deactivated_reason text,
  secret bytea, -- AES-256-GCM; null once deleted
  previous_secret bytea,
  previous_secret_until timestamptz,
  version int NOT NULL DEFAULT 1, -- counts changes, so that a sender knows when what it holds is old
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz, -- its log stays readable
  PRIMARY KEY (account_id, webhook_id)
);
-- What an event is offered to; deleted ones are many, over the years.
CREATE INDEX webhook_active ON keyhook.webhook (account_id) WHERE is_active;

-- What is still to be sent: small and hot. A row is inserted under a lease and deleted when its delivery is over, so it
-- lives for milliseconds; vacuum follows close behind.
CREATE TABLE keyhook.delivery_queue (
  account_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  event_id uuid NOT NULL,
  keep_until date NOT NULL,
  type smallint NOT NULL,
  fence bigint NOT NULL DEFAULT 1, -- counted up by each claim: a result under an older one is refused
  tries smallint NOT NULL DEFAULT 0, -- failed attempts in the present schedule; -1: it begins when this attempt fails
  leased boolean NOT NULL,
  due_at timestamptz NOT NULL, -- of the next attempt; of a leased one, when the lease ends
  attempts jsonb, -- those that failed; null: none yet
  PRIMARY KEY (account_id, delivery_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- Claims go endpoint by endpoint.
CREATE INDEX delivery_queue_due ON keyhook.delivery_queue (account_id, webhook_id, due_at);

-- The log, by the last day on which a row is kept: ending retention is dropping a table.
CREATE TABLE keyhook.event (
  account_id uuid NOT NULL,
  event_id uuid NOT NULL,
  keep_until date NOT NULL,
  data text NOT NULL, -- JSON as it is sent; as text, because every attempt must send the same bytes
  PRIMARY KEY (account_id, event_id, keep_until)
) PARTITION BY RANGE (keep_until);

CREATE TABLE keyhook.delivery (
  account_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  event_id uuid NOT NULL,
  keep_until date NOT NULL,
  type smallint NOT NULL,
  status smallint NOT NULL,
  test boolean NOT NULL DEFAULT false,
  attempts jsonb NOT NULL,
  PRIMARY KEY (account_id, delivery_id, keep_until)
) PARTITION BY RANGE (keep_until);
CREATE INDEX delivery_newest ON keyhook.delivery (account_id, webhook_id, delivery_id);
-- Few are not delivered (status 1), and those are the ones that are looked for.
CREATE INDEX delivery_undelivered ON keyhook.delivery (account_id, webhook_id, delivery_id) WHERE status <> 1;

-- Attempts of a webhook by the minute, for its health.
CREATE TABLE keyhook.attempt_count (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  minute timestamptz NOT NULL,
  keep_until date NOT NULL,
  succeeded int NOT NULL,
  failed int NOT NULL,
  failed_since int NOT NULL, -- after the last success of this minute
  last_success_at timestamptz,
  last_failure_at timestamptz,
  PRIMARY KEY (account_id, webhook_id, minute, keep_until)
) PARTITION BY RANGE (keep_until);
