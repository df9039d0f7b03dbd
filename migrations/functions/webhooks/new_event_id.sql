-- Does: returns a new UUIDv7, for what the database itself creates. Ids of one session are in the order of
--   their microseconds.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: add_job_events, add_event.

CREATE OR REPLACE FUNCTION new_event_id()
RETURNS uuid
LANGUAGE sql
VOLATILE
AS $$
  SELECT (
    -- Milliseconds and their 4096ths, with the version between them.
    overlay(
      lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000 * 4096)::bigint), 15, '0')
      PLACING '7' FROM 13 FOR 0
    )
    || substr(replace(gen_random_uuid()::text, '-', ''), 17)
  )::uuid
$$;
