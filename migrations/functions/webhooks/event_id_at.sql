-- Does: returns a new UUIDv7 of a moment, for what the database itself creates. p_nth orders those of one
--   moment: it stands for as many 4096ths of a millisecond.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: new_event_id, spread_webhooks.

CREATE OR REPLACE FUNCTION event_id_at(p_time timestamptz, p_nth int)
RETURNS uuid
LANGUAGE sql
VOLATILE
AS $$
  SELECT (
    -- Milliseconds and their 4096ths, with the version between them.
    overlay(
      lpad(to_hex(floor(extract(epoch FROM p_time) * 1000 * 4096)::bigint + p_nth), 15, '0')
      PLACING '7' FROM 13 FOR 0
    )
    || substr(replace(gen_random_uuid()::text, '-', ''), 17)
  )::uuid
$$;
