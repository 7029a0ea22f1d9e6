-- What charts show of an account: one row for each point of each chart, so that a chart is as many rows as it has points,
-- however much was counted. A node adds what it gathered once a minute, to the four points that it belongs to. A point is
-- kept as long as its chart reaches back: keep_until says so, and drops it with its day.
CREATE TABLE keyhook.account_count (
  account_id uuid NOT NULL,
  seconds int NOT NULL, -- from this point to the next
  at timestamptz NOT NULL,
  keep_until date NOT NULL,
  valid bigint NOT NULL,
  refused bigint NOT NULL,
  activations bigint NOT NULL,
  succeeded bigint NOT NULL, -- attempts, as the next one
  failed bigint NOT NULL,
  times bigint[] NOT NULL, -- attempts by how long they took: see ResponseTimes
  PRIMARY KEY (account_id, seconds, at, keep_until)
) PARTITION BY RANGE (keep_until);
