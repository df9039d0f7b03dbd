-- Does: returns a message without what differs from job to job: quoted text, ids, hexadecimal and other
--   numbers are replaced by a sign. Messages that differ in these alone have the same pattern.
-- Locks, in order: nothing.
-- Returns: text
-- Raises: nothing.
-- Called by: count_failures.
--
-- Looks at the first 500 characters, which bounds what it costs.

CREATE OR REPLACE FUNCTION failure_pattern(p_message text)
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT btrim(regexp_replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(
          regexp_replace(left(p_message, 500), '"[^"]*"|`[^`]*`|(?<!\w)''[^'']*''', '<text>', 'g'),
          '\m[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\M', '<id>', 'gi'
        ),
        '\m(0x[0-9a-f]+|[0-9a-f]{8,})\M', '<hex>', 'gi'
      ),
      '[0-9]+([.,:][0-9]+)*', '<n>', 'g'
    ),
    '\s+', ' ', 'g'
  ))
$$;
