-- Does: returns what names a way to fail: the same for the same job type, error code and pattern.
-- Locks, in order: nothing.
-- Returns: uuid
-- Raises: nothing.
-- Called by: count_failures.

CREATE OR REPLACE FUNCTION failure_fingerprint(p_type uuid, p_code text, p_pattern text)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT md5(p_type::text || '/' || p_code || '/' || p_pattern)::uuid
$$;
