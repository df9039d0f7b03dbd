-- Does: moves the money of jobs that have just ended: releases their holds, charges their costs, appends
--   the ledger entries. Arrays of equal length, a job an element; a cost is 0 for a job that did not
--   succeed.
-- Locks, in order: wallets by id. They come last and are held shortest; the jobs are locked by the caller.
-- Returns: void
-- Raises: an error without a name when a job has no wallet.
-- Called by: settle_jobs, cancel_job, cancel_jobs, rescue_jobs.
--
-- The jobs are noted in ended_jobs, which upkeep counts. A cost of 0 has no entry. A balance that falls
-- below the wallet's threshold is put into the outbox once.

CREATE OR REPLACE FUNCTION post_charges(
  p_ids       uuid[],
  p_customers uuid[],
  p_costs     bigint[],
  p_holds     bigint[]
)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  w_ids       uuid[];
  w_customers uuid[];
  w_balances  bigint[];
  w_seqs      bigint[];
  w_times     timestamptz[];  -- when the money moves: once the lock is held, never before the last change
BEGIN
  SELECT
    array_agg(w.id),
    array_agg(w.customer_id),
    array_agg(w.balance),
    array_agg(w.seq),
    array_agg(greatest(w.updated_at, clock_timestamp()))
    INTO w_ids, w_customers, w_balances, w_seqs, w_times
    FROM (
      SELECT
        w.id,
        w.customer_id,
        w.current_balance_cents AS balance,
        w.last_entry_seq AS seq,
        w.updated_at
        FROM wallets w
       WHERE w.customer_id = ANY (u_customers)
       ORDER BY w.id
         FOR NO KEY UPDATE
    ) w;
  IF cardinality(w_ids) IS DISTINCT FROM cardinality(u_customers) THEN
    RAISE EXCEPTION 'a job has no wallet';
  END IF;

  -- For the figures: upkeep counts them later.
  INSERT INTO ended_jobs (job_ids) VALUES (p_ids);
  -- Two looks at an index: whoever has no endpoints pays no more for webhooks.
  IF EXISTS (
    SELECT FROM webhook_endpoints e WHERE e.customer_id = ANY (u_customers) AND e.disabled_at IS NULL
  ) OR EXISTS (
    SELECT FROM webhook_endpoints e WHERE e.customer_id IS NULL AND e.disabled_at IS NULL
  ) THEN
    PERFORM add_job_events(p_ids, u_customers);
  END IF;

  INSERT INTO wallet_entries
    (wallet_id, seq, kind, job_id, amount_cents, balance_after_cents, created_at)
  SELECT w.id, w.seq + c.nth, 'charge', c.id, -c.cost, w.balance - c.sum, w.moved_at
    FROM (
      SELECT
        s.id,
        s.customer_id,
        s.cost,
        count(*) OVER win AS nth,
        sum(s.cost) OVER win AS sum
        FROM unnest(p_ids, p_customers, p_costs) s (id, customer_id, cost)
       WHERE s.cost > 0
      WINDOW win AS (PARTITION BY s.customer_id ORDER BY s.id ROWS UNBOUNDED PRECEDING)
    ) c
    JOIN unnest(w_ids, w_customers, w_balances, w_seqs, w_times)
           w (id, customer_id, balance, seq, moved_at)
      ON w.customer_id = c.customer_id;

  WITH moved AS (
    UPDATE wallets w
       SET current_balance_cents = w.current_balance_cents - s.cost,
           pending_charges_cents = w.pending_charges_cents - s.hold,
           last_entry_seq = w.last_entry_seq + s.entries,
           updated_at = s.moved_at,
           month_spent_cents = CASE w.spend_month WHEN s.month THEN w.month_spent_cents ELSE 0 END + s.cost,
           spend_month = s.month
      FROM (
        SELECT
          s.customer_id,
          sum(s.cost)::bigint AS cost,
          sum(s.hold)::bigint AS hold,
          count(*) FILTER (WHERE s.cost > 0) AS entries,
          t.moved_at,
          date_trunc('month', t.moved_at AT TIME ZONE 'UTC')::date AS month
          FROM unnest(p_customers, p_costs, p_holds) s (customer_id, cost, hold)
          JOIN unnest(w_customers, w_times) t (customer_id, moved_at) USING (customer_id)
         GROUP BY 1, t.moved_at
      ) s
     WHERE w.customer_id = ANY (u_customers) AND w.customer_id = s.customer_id
    RETURNING
      w.customer_id,
      w.current_balance_cents AS balance,
      w.low_balance_cents AS threshold,
      s.cost
  )
  INSERT INTO outbox (kind, customer_id, payload)
  SELECT
    'low_balance',
    m.customer_id,
    jsonb_build_object('current_balance_cents', m.balance, 'low_balance_cents', m.threshold)
    FROM moved m
   WHERE m.balance < m.threshold AND m.balance + m.cost >= m.threshold;
END $$;
