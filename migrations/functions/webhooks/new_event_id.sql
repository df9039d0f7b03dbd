-- Does: returns a new UUIDv7, for what the database itself creates. Ids of one session are in the order of
--   their microseconds.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: add_event.

CREATE OR REPLACE FUNCTION new_event_id()
RETURNS uuid
LANGUAGE sql
VOLATILE
AS $$
  SELECT event_id_at(clock_timestamp(), 0)
$$;
