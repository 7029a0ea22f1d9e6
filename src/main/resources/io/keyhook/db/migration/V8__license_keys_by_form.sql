-- A key is found in whatever form it was pasted: case and hyphens do not count. LicenseKeys.form computes the same of what
-- was entered. Nodes of the version before look keys up by upper(key), whose index stays for them.

-- An index that was cut off while it was built is left invalid.
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_form;
CREATE INDEX CONCURRENTLY license_form ON keyhook.license (upper(replace(key, '-', '')));

-- Keys that are created from now on differ in form. Older ones may not, and each keeps its meaning.
DROP INDEX CONCURRENTLY IF EXISTS keyhook.license_new_form;
CREATE UNIQUE INDEX CONCURRENTLY license_new_form ON keyhook.license (upper(replace(key, '-', '')))
  WHERE created_at > '${started}';

