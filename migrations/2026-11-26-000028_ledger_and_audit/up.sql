-- The last audit that upkeep did, and whether somebody wants another one. Empty before either.
CREATE TABLE last_audit (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  requested_at timestamptz,
  checked_at   timestamptz,
  -- When one began that did not end in time.
  tried_at     timestamptz,
  took_ms      bigint,
  -- The rows of the view audit.
  promises     jsonb
);

-- Serves the list of all entries by time. Entries are appended about in the order of their times, so that a
-- charge pays next to nothing for it.
-- On a large table, build it before: "Before `migrate up`" in docs/upgrading.md.
CREATE INDEX IF NOT EXISTS wallet_entries_by_time ON wallet_entries
  USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
-- Serves the search by reference. No charge has one.
CREATE INDEX IF NOT EXISTS wallet_entries_by_reference ON wallet_entries (reference)
  WHERE reference IS NOT NULL;
