-- What each license has been announced with of its policy, so that a change of anything in a policy is an event of each of its licenses,
-- once; and a lease of a license's own.
--
-- Nodes of the version before change policies meanwhile without such events, and leave all of this as it is.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.policy
  ADD COLUMN IF NOT EXISTS revision int NOT NULL DEFAULT 0, -- counts the changes of what licenses do not have in their own rows
  ADD COLUMN IF NOT EXISTS earlier jsonb; -- what it said, by revision, while a change has not reached all licenses; null: it has
ALTER TABLE keyhook.license
  ADD COLUMN IF NOT EXISTS policy_revision int, -- of its policy, that the license's events have announced; null: 0
  ADD COLUMN IF NOT EXISTS lease_seconds int; -- null: that of its policy
