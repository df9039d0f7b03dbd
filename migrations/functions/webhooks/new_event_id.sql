-- Does: returns a new UUIDv7, for what the database itself creates.
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
    lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
    || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14)
  )::uuid
$$;
