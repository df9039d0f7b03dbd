-- Does: tells whether the standard cost of a job type can be paid from a wallet in p_currency. Zero costs the
--   same in every currency. A price of the customer's own is always in the currency of its wallet.
-- Locks, in order: nothing.
-- Returns: boolean
-- Raises: nothing.
-- Called by: submit_jobs, quote_job, src/postgres/repositories/bulk-preview.ts,
--   src/postgres/repositories/prices.ts. The planner inlines it.
--
-- The rule is written nowhere else.

CREATE OR REPLACE FUNCTION is_priced_in(t job_types, p_currency text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT t.currency = p_currency OR t.standard_cost_cents = 0
$$;
