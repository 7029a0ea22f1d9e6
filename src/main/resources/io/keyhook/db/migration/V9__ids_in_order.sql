-- Ids of one statement sort in the order in which they are created, so that a license's activation comes before the
-- validation that caused it. PostgreSQL has that from 18 on. Before, the twelve bits after the milliseconds count fractions
-- of one (RFC 9562, 6.2, method 3) instead of being random: hexadecimal digits of 1/4096 ms hold both.
DO $$
BEGIN
  IF current_setting('server_version_num')::int < 180000 THEN
    CREATE OR REPLACE FUNCTION keyhook.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $function$
      SELECT overlay(gen_random_uuid()::text PLACING overlay(overlay(
        lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 4096000)::bigint), 15, '0')
        PLACING '-' FROM 9 FOR 0) PLACING '-7' FROM 14 FOR 0) FROM 1 FOR 18)::uuid
    $function$;
  END IF;
END
$$;
