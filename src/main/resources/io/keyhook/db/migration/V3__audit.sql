-- Who changed what, written in the transaction that makes the change. Ids are text with their prefix, as they are told:
-- what they name may be gone. No values are kept, so no secret can be among them.
CREATE TABLE keyhook.audit (
  account_id uuid NOT NULL,
  entry_id uuid NOT NULL DEFAULT keyhook.uuid_v7(),
  action text COLLATE "C" NOT NULL,
  subject_id text COLLATE "C" NOT NULL,
  changed text[] NOT NULL, -- names of fields
  actor text NOT NULL,
  actor_id text,
  ip_address text,
  PRIMARY KEY (account_id, entry_id)
);
CREATE INDEX audit_subject ON keyhook.audit (account_id, subject_id, entry_id);
CREATE INDEX audit_action ON keyhook.audit (account_id, action, entry_id);

-- It is added to and read. A right that its owner gives up holds against a mistake of ours; a trigger would too, but not on
-- a distributed table.
REVOKE UPDATE, DELETE, TRUNCATE ON keyhook.audit FROM CURRENT_USER;
