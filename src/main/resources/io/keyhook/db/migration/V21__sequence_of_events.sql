-- Events of a license are numbered, so that receivers can order them and see a gap. A constant default changes no row. Nodes of
-- the version before do not count: their events have no number.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.license ADD COLUMN IF NOT EXISTS sequence bigint NOT NULL DEFAULT 0;
ALTER TABLE keyhook.webhook
  -- For all events of licenses, including those that later versions add. Its events are then the ones that nodes of the version
  -- before know.
  ADD COLUMN IF NOT EXISTS all_license_events boolean NOT NULL DEFAULT false,
  -- Whether events of types that existed before have a number, too.
  ADD COLUMN IF NOT EXISTS sequenced boolean NOT NULL DEFAULT false;
