-- Does: checks every statement that inserts into wallet_entries, whoever writes: a charge belongs to a job
--   of the wallet's customer that succeeded at that cost, and refunds are not more than their charge.
-- Locks, in order: nothing.
-- Returns: trigger
-- Raises: wallet_entries_charge_needs_success, wallet_entries_refund_within_charge (check_violation).
-- Called by: the trigger below, once a statement, after it.
--
-- A charge that is alone in its statement is looked up by its keys (measured for one job: settle_success
-- takes 0.93 of the server's processor time).

CREATE OR REPLACE FUNCTION check_entries()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
SET search_path FROM CURRENT  -- a restore of data has an empty one (measured: 1 microsecond a statement)
AS $$
DECLARE
  v_charged  uuid[];
  v_wallets  uuid[];
  v_refunded uuid[];
  v_kind     entry_kind;
  v_is_wrong boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM new_entries OFFSET 1) THEN
    SELECT n.kind,
           n.kind = 'charge'
           AND coalesce(
             (SELECT w.customer_id FROM wallets w WHERE w.id = n.wallet_id) <> (
               SELECT j.customer_id
                 FROM jobs j
                WHERE j.id = n.job_id AND j.status = 'succeeded' AND j.cost_cents = -n.amount_cents
             ),
             true
           )
      INTO v_kind, v_is_wrong
      FROM new_entries n;
    IF NOT v_is_wrong AND v_kind <> 'refund' THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT
    array_agg(n.job_id) FILTER (WHERE n.kind = 'charge'),
    array_agg(DISTINCT n.wallet_id) FILTER (WHERE n.kind = 'charge'),
    array_agg(DISTINCT n.job_id) FILTER (WHERE n.kind = 'refund')
    INTO v_charged, v_wallets, v_refunded
    FROM new_entries n;
  IF v_charged IS NOT NULL THEN
    IF EXISTS (
      SELECT
        FROM new_entries n
        LEFT JOIN jobs j ON j.id = ANY (v_charged) AND j.id = n.job_id
        LEFT JOIN wallets w ON w.id = ANY (v_wallets) AND w.id = n.wallet_id
       WHERE n.kind = 'charge'
         AND (
           j.status IS DISTINCT FROM 'succeeded'
           OR j.cost_cents IS DISTINCT FROM -n.amount_cents
           OR w.customer_id IS DISTINCT FROM j.customer_id
         )
    ) THEN
      RAISE EXCEPTION 'a charge without a job of that customer that succeeded at that cost'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_charge_needs_success';
    END IF;
  END IF;
  IF v_refunded IS NOT NULL THEN
    IF EXISTS (
      SELECT
        FROM (
          SELECT e.job_id, e.wallet_id, sum(e.amount_cents) AS cents
            FROM wallet_entries e
           WHERE e.kind = 'refund' AND e.job_id = ANY (v_refunded)
           GROUP BY 1, 2
        ) r
        LEFT JOIN wallet_entries c
          ON c.kind = 'charge'
         AND c.job_id = ANY (v_refunded)
         AND c.job_id = r.job_id
         AND c.wallet_id = r.wallet_id
       WHERE c.job_id IS NULL OR r.cents > -c.amount_cents
    ) THEN
      RAISE EXCEPTION 'refunds of more than was charged'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_refund_within_charge';
    END IF;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER wallet_entries_checked
  AFTER INSERT ON wallet_entries
  REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION check_entries();
