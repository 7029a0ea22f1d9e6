-- Alerts by mail and Slack. Nodes of the version before know none of this, and raise none.

-- What goes on for longer and is reported when it begins and when it ends, such as a webhook that fails: a row while it does. How
-- far a job has come that goes over all accounts, under an account id of zeros, whose row is the job's lease.
CREATE TABLE IF NOT EXISTS keyhook.alert_state (
  account_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject_id uuid NOT NULL, -- a webhook, or zeros
  since timestamptz NOT NULL DEFAULT now(), -- of a job: up to when it is done
  after_ids uuid[], -- of a job that stopped within one instant: the account and the subject that came last
  PRIMARY KEY (account_id, kind, subject_id)
);

-- What a team member wants to know, and where. Without a row: nothing.
CREATE TABLE IF NOT EXISTS keyhook.alert_setting (
  account_id uuid NOT NULL,
  user_id uuid NOT NULL,
  causes text[] NOT NULL,
  mail boolean NOT NULL,
  slack_url bytea, -- AES-256-GCM; null: none
  slack_host text, -- of that URL, to be shown
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, user_id)
);

-- What waits to be sent, one row for each person, channel and cause: what comes within an hour of a message goes into the next one.
CREATE TABLE IF NOT EXISTS keyhook.alert_message (
  account_id uuid NOT NULL,
  user_id uuid NOT NULL,
  channel text COLLATE "C" NOT NULL,
  cause text COLLATE "C" NOT NULL,
  lines text[] NOT NULL, -- the first of them
  total bigint NOT NULL, -- all of them
  tries smallint NOT NULL DEFAULT 0, -- failed attempts to send what waits
  fence bigint NOT NULL DEFAULT 0, -- counted up by each claim
  due_at timestamptz, -- of the next attempt, or the end of the lease; null: nothing waits
  sent_at timestamptz, -- the latest message; null: none
  PRIMARY KEY (account_id, user_id, channel, cause)
) WITH (fillfactor = 70); -- filled and emptied in place
CREATE INDEX IF NOT EXISTS alert_message_due ON keyhook.alert_message (due_at) WHERE due_at IS NOT NULL;
