CREATE TYPE attempt_outcome AS ENUM ('succeeded', 'failed', 'cancelled', 'retry', 'released');

-- The money of jobs that have just ended: holds released, charges taken, entries appended. Called with those jobs locked.
-- Locks: wallets by id, last and shortest. p_costs is 0 for what did not succeed; an amount of 0 makes no entry.
CREATE FUNCTION post_charges(p_ids uuid[], p_customers uuid[], p_costs bigint[], p_holds bigint[]) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  w_ids       uuid[];
  w_customers uuid[];
  w_balances  bigint[];
  w_seqs      bigint[];
  w_times     timestamptz[];  -- of this movement: after the lock was had, and never before the one before it
BEGIN
  SELECT array_agg(w.id), array_agg(w.customer_id), array_agg(w.balance), array_agg(w.seq), array_agg(greatest(w.updated_at, clock_timestamp()))
    INTO w_ids, w_customers, w_balances, w_seqs, w_times FROM (
    SELECT w.id, w.customer_id, w.current_balance_cents AS balance, w.last_entry_seq AS seq, w.updated_at
      FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE) w;
  IF cardinality(w_ids) IS DISTINCT FROM cardinality(u_customers) THEN
    RAISE EXCEPTION 'a job has no wallet';
  END IF;

  INSERT INTO wallet_entries (wallet_id, seq, kind, job_id, amount_cents, balance_after_cents, created_at)
  SELECT w.id, w.seq + c.nth, 'charge', c.id, -c.cost, w.balance - c.sum, w.moved_at
    FROM (SELECT s.id, s.customer_id, s.cost, count(*) OVER win AS nth, sum(s.cost) OVER win AS sum
            FROM unnest(p_ids, p_customers, p_costs) s (id, customer_id, cost) WHERE s.cost > 0
          WINDOW win AS (PARTITION BY s.customer_id ORDER BY s.id ROWS UNBOUNDED PRECEDING)) c
    JOIN unnest(w_ids, w_customers, w_balances, w_seqs, w_times) w (id, customer_id, balance, seq, moved_at) ON w.customer_id = c.customer_id;

  WITH moved AS (
    UPDATE wallets w
       SET current_balance_cents = w.current_balance_cents - s.cost, pending_charges_cents = w.pending_charges_cents - s.hold,
           last_entry_seq = w.last_entry_seq + s.entries, updated_at = s.moved_at,
           month_spent_cents = CASE w.spend_month WHEN s.month THEN w.month_spent_cents ELSE 0 END + s.cost, spend_month = s.month
      FROM (SELECT s.customer_id, sum(s.cost)::bigint AS cost, sum(s.hold)::bigint AS hold, count(*) FILTER (WHERE s.cost > 0) AS entries,
                   t.moved_at, date_trunc('month', t.moved_at AT TIME ZONE 'UTC')::date AS month
              FROM unnest(p_customers, p_costs, p_holds) s (customer_id, cost, hold)
              JOIN unnest(w_customers, w_times) t (customer_id, moved_at) USING (customer_id) GROUP BY 1, t.moved_at) s
     WHERE w.customer_id = ANY (u_customers) AND w.customer_id = s.customer_id
    RETURNING w.customer_id, w.current_balance_cents AS balance, w.low_balance_cents AS threshold, s.cost)
  INSERT INTO outbox (kind, customer_id, payload)
  SELECT 'low_balance', m.customer_id, jsonb_build_object('current_balance_cents', m.balance, 'low_balance_cents', m.threshold)
    FROM moved m WHERE m.balance < m.threshold AND m.balance + m.cost >= m.threshold;
END $$;

-- SETTLE a batch of attempts: status, hold, charge and ledger together. One round trip, one transaction.
-- Locks: jobs by id, then wallets by id. The fence is (id, status = 'running', attempt): who lost the job writes nothing.
--   succeeded: costs p_costs, at most the hold; null means the hold.  failed, cancelled: costs nothing.
--   retry: pending again after p_delays_ms, the hold stays.           released: pending again at once, the attempt is excused.
-- p_outputs, p_costs, p_errors, p_delays_ms may be null where no job has one. p_done: leases of which nothing runs any more.
-- Answers the refused only: the attempt that was refused, and what the job is now. rescued: it waits because that attempt's runner was lost.
CREATE FUNCTION settle_jobs(
  p_ids uuid[], p_attempts int[], p_outcomes attempt_outcome[], p_costs bigint[], p_outputs jsonb[], p_errors jsonb[], p_delays_ms bigint[], p_done uuid[])
RETURNS TABLE (job_id uuid, refused_attempt int, status job_status, attempt int, rescued boolean)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  e_ids       uuid[];      -- ended
  e_customers uuid[];
  e_costs     bigint[];
  e_holds     bigint[];
  w_ids       uuid[];      -- wait again
  s_ids       uuid[];      -- written
  s_attempts  int[];
BEGIN
  PERFORM FROM jobs j WHERE j.id = ANY (p_ids) ORDER BY j.id FOR NO KEY UPDATE;

  WITH settled AS (
    UPDATE jobs j SET
      status = CASE WHEN d.outcome IN ('retry', 'released') THEN 'pending'::job_status ELSE d.outcome::text::job_status END,
      completed_at = CASE WHEN d.outcome NOT IN ('retry', 'released') THEN now() END,
      cost_cents = CASE WHEN d.outcome = 'succeeded' THEN greatest(0, least(coalesce(d.cost, j.estimated_cost_cents), j.estimated_cost_cents)) END,
      output_data = d.output,
      excused_attempts = j.excused_attempts + CASE WHEN d.outcome = 'released' THEN 1 ELSE 0 END,
      run_at = CASE WHEN d.outcome = 'retry' THEN now() + coalesce(d.delay_ms, 0) * interval '1 millisecond' ELSE j.run_at END,
      error = CASE WHEN d.outcome = 'failed' THEN d.error END,
      errors = CASE WHEN d.error IS NULL THEN j.errors ELSE
        CASE WHEN jsonb_array_length(j.errors) >= 20 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
        || jsonb_build_array(d.error || jsonb_build_object('attempt', j.attempt, 'runner_id', j.runner_id,
             'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))) END
      FROM unnest(p_ids, p_attempts, p_outcomes, p_costs, p_outputs, p_errors, p_delays_ms) d (id, attempt, outcome, cost, output, error, delay_ms)
     WHERE j.id = ANY (p_ids) AND j.id = d.id AND j.status = 'running' AND j.attempt = d.attempt
    RETURNING j.id, j.attempt, j.customer_id, j.status, j.cost_cents, j.estimated_cost_cents)
  SELECT array_agg(id) FILTER (WHERE status <> 'pending'), array_agg(customer_id) FILTER (WHERE status <> 'pending'),
         array_agg(coalesce(cost_cents, 0)) FILTER (WHERE status <> 'pending'), array_agg(estimated_cost_cents) FILTER (WHERE status <> 'pending'),
         array_agg(id) FILTER (WHERE status = 'pending'), array_agg(id), array_agg(attempt)
    INTO e_ids, e_customers, e_costs, e_holds, w_ids, s_ids, s_attempts FROM settled;

  IF w_ids IS NOT NULL THEN
    WITH waiting AS MATERIALIZED (
      SELECT j.id, j.priority, j.customer_id, j.run_at, j.run_at > now() AS later FROM jobs j WHERE j.id = ANY (w_ids)
    ), scheduled AS (
      INSERT INTO job_schedule (job_id, priority, customer_id, run_at) SELECT id, priority, customer_id, run_at FROM waiting WHERE later)
    INSERT INTO job_queue (priority, job_id, customer_id) SELECT priority, id, customer_id FROM waiting WHERE NOT later;
  END IF;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(e_ids, e_customers, e_costs, e_holds);
  END IF;
  IF p_done IS NOT NULL THEN  -- SKIP LOCKED: a rescuer holds leases while it waits for our jobs; waiting here would close the circle
    DELETE FROM leases l WHERE l.id = ANY (array(SELECT d.id FROM leases d WHERE d.id = ANY (p_done) FOR UPDATE SKIP LOCKED));
  END IF;
  IF coalesce(cardinality(s_ids), 0) < cardinality(p_ids) THEN
    RETURN QUERY
      SELECT j.id, r.attempt, j.status, j.attempt, coalesce(j.errors -> -1 @> jsonb_build_object('code', 'runner_lost', 'attempt', r.attempt), false)
        FROM (SELECT d.id, d.attempt FROM unnest(p_ids, p_attempts) d (id, attempt) EXCEPT ALL SELECT s.id, s.attempt FROM unnest(s_ids, s_attempts) s (id, attempt)) r
        JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id;
  END IF;
END $$;
