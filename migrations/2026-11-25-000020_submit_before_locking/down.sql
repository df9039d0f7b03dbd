CREATE OR REPLACE FUNCTION submit_jobs(
  p_ids uuid[], p_customers uuid[], p_types uuid[], p_priorities smallint[], p_inputs jsonb[],
  p_run_at timestamptz[], p_max_attempts smallint[], p_retry_of uuid[], p_room boolean[])
RETURNS TABLE (
  job_id uuid, refusal text, estimated_cost_cents bigint, max_attempts smallint, created_at timestamptz, run_at timestamptz, due boolean,
  current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint, monthly_spend_limit_cents bigint, month_spent_cents bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  u_types     uuid[] := array(SELECT DISTINCT t FROM unnest(p_types) t);
  v_month     date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
  v_active    uuid[];
  o_customers uuid[];  -- prices of their own
  o_types     uuid[];
  o_costs     bigint[];
  v_asked     int := cardinality(u_customers);
  v_stored    int;
  n           int;
  v_wallet    wallets;
  v_type      job_types;
  v_price     bigint;
BEGIN
  -- Serialises a customer's submissions; the order makes it free of deadlocks. What follows sees a fresh snapshot.
  PERFORM FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE;
  v_active := array(SELECT c.id FROM customers c WHERE c.id = ANY (u_customers) AND c.active);
  SELECT array_agg(p.customer_id), array_agg(p.job_type_id), array_agg(p.cost_cents) INTO o_customers, o_types, o_costs
    FROM customer_prices p WHERE p.customer_id = ANY (u_customers) AND p.job_type_id = ANY (u_types);

  RETURN QUERY
  WITH request AS MATERIALIZED (
    SELECT r.*, coalesce(o.cost, t.standard_cost_cents) AS cost, coalesce(r.tries, t.max_attempts) AS max_tries,
           coalesce(r.later, now()) AS starts, coalesce(r.later <= now(), true) AS is_due
      FROM unnest(p_ids, p_customers, p_types, p_priorities, p_inputs, p_run_at, p_max_attempts, p_retry_of)
             r (id, customer_id, job_type_id, priority, input, later, tries, retry_of)
      JOIN job_types t ON t.id = ANY (u_types) AND t.id = r.job_type_id AND t.enabled
      LEFT JOIN unnest(o_customers, o_types, o_costs) o (customer_id, job_type_id, cost) ON o.customer_id = r.customer_id AND o.job_type_id = r.job_type_id
     WHERE cardinality(v_active) = v_asked OR r.customer_id = ANY (v_active)   -- the linear test only if somebody is inactive or unknown
  ), need AS (
    SELECT customer_id, sum(cost)::bigint AS cents FROM request GROUP BY 1
  ), held AS (                                                                 -- all of a customer's jobs fit: one update a wallet
    UPDATE wallets w SET pending_charges_cents = w.pending_charges_cents + need.cents, updated_at = greatest(w.updated_at, clock_timestamp()) FROM need
     WHERE w.customer_id = ANY (u_customers) AND w.customer_id = need.customer_id AND w.frozen_at IS NULL
       AND w.current_balance_cents + w.credit_limit_cents - w.pending_charges_cents >= need.cents
       AND (w.monthly_spend_limit_cents IS NULL
            OR w.monthly_spend_limit_cents - w.pending_charges_cents - CASE WHEN w.spend_month >= v_month THEN w.month_spent_cents ELSE 0 END >= need.cents)
    RETURNING w.customer_id
  ), stored AS MATERIALIZED (SELECT request.* FROM request JOIN held USING (customer_id)
  ), job AS (
    INSERT INTO jobs (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, max_attempts, run_at, retry_of)
    SELECT id, customer_id, job_type_id, priority, input, cost, max_tries, starts, retry_of FROM stored
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
    SELECT priority, id, customer_id, CASE WHEN p_room[priority + 1] THEN now() END FROM stored WHERE is_due
  ), scheduled AS (
    INSERT INTO job_schedule (job_id, priority, customer_id, run_at) SELECT id, priority, customer_id, starts FROM stored WHERE NOT is_due)
  SELECT id, NULL::text, cost, max_tries, now(), starts, is_due, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint FROM stored;
  GET DIAGNOSTICS v_stored = ROW_COUNT;
  IF v_stored = cardinality(p_ids) THEN RETURN; END IF;

  -- Rare: somebody cannot pay for everything, or something is unknown. One by one in the order given, exact, under the locks already held.
  FOR n IN
    SELECT r.ord FROM unnest(p_ids) WITH ORDINALITY r (id, ord) LEFT JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id WHERE j.id IS NULL ORDER BY r.ord
  LOOP
    job_id := p_ids[n]; refusal := NULL; created_at := now(); run_at := coalesce(p_run_at[n], now()); due := run_at <= now();
    estimated_cost_cents := NULL; max_attempts := NULL;
    SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customers[n];
    IF NOT FOUND THEN refusal := 'unknown_customer';
    ELSIF p_customers[n] <> ALL (v_active) THEN refusal := 'customer_inactive';
    ELSE
      SELECT * INTO v_type FROM job_types t WHERE t.id = p_types[n];
      IF NOT FOUND THEN refusal := 'unknown_job_type';
      ELSIF NOT v_type.enabled THEN refusal := 'job_type_disabled';
      ELSE
        v_price := coalesce((SELECT p.cost_cents FROM customer_prices p WHERE p.customer_id = p_customers[n] AND p.job_type_id = p_types[n]), v_type.standard_cost_cents);
        estimated_cost_cents := v_price; max_attempts := coalesce(p_max_attempts[n], v_type.max_attempts);
        current_balance_cents := v_wallet.current_balance_cents; pending_charges_cents := v_wallet.pending_charges_cents;
        credit_limit_cents := v_wallet.credit_limit_cents; monthly_spend_limit_cents := v_wallet.monthly_spend_limit_cents;
        month_spent_cents := CASE WHEN v_wallet.spend_month >= v_month THEN v_wallet.month_spent_cents ELSE 0 END;
        IF v_wallet.frozen_at IS NOT NULL THEN refusal := 'wallet_frozen';
        ELSIF current_balance_cents + credit_limit_cents - pending_charges_cents < v_price THEN refusal := 'insufficient_funds';
        ELSIF monthly_spend_limit_cents - pending_charges_cents - month_spent_cents < v_price THEN refusal := 'spend_limit_reached';
        ELSE
          UPDATE wallets w SET pending_charges_cents = w.pending_charges_cents + v_price, updated_at = greatest(w.updated_at, clock_timestamp()) WHERE w.id = v_wallet.id;
          INSERT INTO jobs (id, customer_id, job_type_id, priority, input_data, estimated_cost_cents, max_attempts, run_at, retry_of)
          VALUES (p_ids[n], p_customers[n], p_types[n], p_priorities[n], p_inputs[n], v_price, max_attempts, run_at, p_retry_of[n]);
          IF due THEN
            INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
            VALUES (p_priorities[n], p_ids[n], p_customers[n], CASE WHEN p_room[p_priorities[n] + 1] THEN now() END);
          ELSE
            INSERT INTO job_schedule (job_id, priority, customer_id, run_at) VALUES (p_ids[n], p_priorities[n], p_customers[n], run_at);
          END IF;
        END IF;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
DROP FUNCTION holdable_cents(wallets);
DROP FUNCTION spent_this_month(wallets);
