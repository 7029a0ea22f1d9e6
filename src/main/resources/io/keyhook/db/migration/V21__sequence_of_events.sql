-- Events of a license are numbered, so that receivers can order them and see a gap. A constant default changes no row. Licenses
-- of before, and those of nodes of the version before, have the number of their creation, which no event announced: the next
-- event shows a gap. Nodes of the version before do not count: their events have no number.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.license ADD COLUMN IF NOT EXISTS sequence bigint NOT NULL DEFAULT 1;
-- For all events of licenses, including those that later versions add. Its events are then the ones that nodes of the version
-- before know; if one of those nodes changes them, the mark no longer counts.
ALTER TABLE keyhook.webhook ADD COLUMN IF NOT EXISTS all_license_events boolean NOT NULL DEFAULT false;
