-- What team members may do. Those who are there, and those whom a node of an earlier version adds, may do everything.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.member ADD COLUMN IF NOT EXISTS role text NOT NULL DEFAULT 'owner';
