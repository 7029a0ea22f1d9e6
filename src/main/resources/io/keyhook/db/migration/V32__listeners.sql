-- Attempts that are forwarded to a developer's machine. A listener is a webhook for which the command listen asks for requests; it
-- may ask another node than the one that makes the attempt, so a request and its response are handed over here.
CREATE TABLE IF NOT EXISTS keyhook.listener (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(), -- attempts are offered for some seconds after that
  PRIMARY KEY (account_id, webhook_id)
) WITH (fillfactor = 50); -- seen_at changes in place

-- Each row lives as long as its attempt: 10 seconds. One whose node died is deleted after a minute.
CREATE TABLE IF NOT EXISTS keyhook.listener_request (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  request_id uuid NOT NULL,
  offered_at timestamptz NOT NULL DEFAULT now(),
  taken boolean NOT NULL DEFAULT false,
  headers json NOT NULL, -- in the order in which they are sent
  body text NOT NULL,
  response json, -- null: not there yet
  PRIMARY KEY (account_id, webhook_id, request_id)
);
