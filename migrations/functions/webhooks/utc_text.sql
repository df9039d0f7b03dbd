-- Does: returns a time as the API writes it: RFC 3339 in UTC. Null for null.
-- Locks, in order: nothing.
-- Returns: text?
-- Raises: nothing.
-- Called by: tell_frozen_wallet, settle_webhooks.

CREATE OR REPLACE FUNCTION utc_text(p_time timestamptz)
RETURNS text
LANGUAGE sql
STABLE
AS $$
  SELECT to_char(p_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
