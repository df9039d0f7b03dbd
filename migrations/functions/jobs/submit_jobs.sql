-- Does: submits a batch: quotes, holds and stores each job on its own, in one round trip and one
--   transaction. Returns a row a job: refusal null means stored; otherwise nothing of it was stored or
--   held.
-- Locks, in order: wallets by id.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at, run_at, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?
-- Raises: jobs_pkey, job_queue_pkey, job_schedule_pkey (unique_violation): a job of this id is stored.
-- Called by: src/postgres/hot/submissions.ts, submit_keyed_jobs.
--
-- refusal: as quote_job. replay_of is always null.
-- p_run_at, p_max_attempts, p_retry_of may be null where no job has one. p_room[priority + 1]: the caller
-- pushes such jobs to the ready queue after the commit, so they are stamped as pushed now.
-- due is null when one row stands for the whole batch of a customer and type: all its jobs were stored with
-- this price and are due now.
-- A batch is stored first, and its wallets are locked last, for the hold and the commit alone, so that
-- calls on the same wallets overlap but for that (measured: 47,000 -> 61,000 jobs a second with two calls
-- at a time). If a wallet cannot pay as things stand, or could not when it came to the hold, the batch goes
-- the other way: under the locks, one by one in the order given.
-- Why the SET list and the shape: every big table is reached by `key = ANY (array)` and joined by hash. So
-- neither stale statistics nor a plan made for another size of batch can turn a batch of n into n * n
-- (measured: 8 ms against 737 ms for 500 jobs with a plan cached on a 3-row table). One generic plan serves
-- all sizes: for an array of one element a plan made for it looks cheaper by more than planning is taken to
-- cost (measured, one job: settle 0.76 -> 0.56 ms, claim 0.44 -> 0.37 ms).

CREATE OR REPLACE FUNCTION submit_jobs(
  p_ids          uuid[],
  p_customers    uuid[],
  p_types        uuid[],
  p_priorities   smallint[],
  p_inputs       jsonb[],
  p_run_at       timestamptz[],
  p_max_attempts smallint[],
  p_retry_of     uuid[],
  p_room         boolean[]
)
RETURNS SETOF submitted_job
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  u_types     uuid[];
  q_customers uuid[];    -- a quote for each customer and type
  q_types     uuid[];
  q_costs     bigint[];
  q_tries     smallint[];
  q_jobs      bigint[];
  q_firsts    bigint[];  -- place of its first job
  v_quoted    bigint;
  n           int;
  v_job       submitted_job;
BEGIN
  IF cardinality(p_ids) > 1 THEN  -- one alone is quicker one by one
    -- Prices, and whether every wallet could pay, without a lock.
    u_types := array(SELECT DISTINCT t FROM unnest(p_types) t);
    SELECT
      array_agg(r.customer_id),
      array_agg(r.job_type_id),
      array_agg(coalesce(o.cost_cents, t.standard_cost_cents)),
      array_agg(t.max_attempts),
      array_agg(r.jobs),
      array_agg(r.first),
      sum(r.jobs)
      INTO q_customers, q_types, q_costs, q_tries, q_jobs, q_firsts, v_quoted
      FROM (
        SELECT r.customer_id, r.job_type_id, count(*) AS jobs, min(r.nth) AS first
          FROM unnest(p_customers, p_types) WITH ORDINALITY r (customer_id, job_type_id, nth)
         GROUP BY 1, 2
      ) r
      JOIN job_types t ON t.id = ANY (u_types) AND t.id = r.job_type_id AND t.enabled
      JOIN customers c ON c.id = ANY (u_customers) AND c.id = r.customer_id AND c.active
      LEFT JOIN customer_prices o
        ON o.customer_id = ANY (u_customers)
       AND o.job_type_id = ANY (u_types)
       AND o.customer_id = r.customer_id
       AND o.job_type_id = r.job_type_id;
    IF v_quoted = cardinality(p_ids) AND cardinality(u_customers) = (
      SELECT count(*)
        FROM wallets w
        JOIN (
          SELECT q.customer_id, sum(q.cost * q.jobs)::bigint AS cents
            FROM unnest(q_customers, q_costs, q_jobs) q (customer_id, cost, jobs)
           GROUP BY 1
        ) need USING (customer_id)
       WHERE w.customer_id = ANY (u_customers) AND hold_refusal(w, need.cents) IS NULL
    ) THEN
      BEGIN
        INSERT INTO jobs (
          id,
          customer_id,
          job_type_id,
          priority,
          input_data,
          estimated_cost_cents,
          max_attempts,
          run_at,
          retry_of
        )
        SELECT
          r.id,
          r.customer_id,
          r.job_type_id,
          r.priority,
          r.input,
          q.cost,
          coalesce(r.tries, q.tries),
          coalesce(r.later, now()),
          r.retry_of
          FROM unnest(
                 p_ids,
                 p_customers,
                 p_types,
                 p_priorities,
                 p_inputs,
                 p_run_at,
                 p_max_attempts,
                 p_retry_of
               ) r (id, customer_id, job_type_id, priority, input, later, tries, retry_of)
          JOIN unnest(q_customers, q_types, q_costs, q_tries) q (customer_id, job_type_id, cost, tries)
         USING (customer_id, job_type_id);
        INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
        SELECT r.priority, r.id, r.customer_id, CASE WHEN p_room[r.priority + 1] THEN now() END
          FROM unnest(p_priorities, p_ids, p_customers, p_run_at) r (priority, id, customer_id, later)
         WHERE coalesce(r.later <= now(), true);
        IF p_run_at IS NOT NULL THEN
          INSERT INTO job_schedule (job_id, priority, customer_id, run_at)
          SELECT r.id, r.priority, r.customer_id, r.later
            FROM unnest(p_priorities, p_ids, p_customers, p_run_at) r (priority, id, customer_id, later)
           WHERE r.later > now();
        END IF;
        -- Their order makes the locks free of deadlocks; the next statement sees the wallets as they are now.
        PERFORM FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE;
        UPDATE wallets w
           SET pending_charges_cents = w.pending_charges_cents + need.cents,
               updated_at = greatest(w.updated_at, clock_timestamp())
          FROM (
            SELECT q.customer_id, sum(q.cost * q.jobs)::bigint AS cents
              FROM unnest(q_customers, q_costs, q_jobs) q (customer_id, cost, jobs)
             GROUP BY 1
          ) need
         WHERE w.customer_id = ANY (u_customers)
           AND w.customer_id = need.customer_id
           AND hold_refusal(w, need.cents) IS NULL;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n < cardinality(u_customers) THEN
          RAISE EXCEPTION 'a wallet was spent meanwhile' USING ERRCODE = 'IEP01';
        END IF;
        IF p_run_at IS NULL AND p_max_attempts IS NULL THEN
          RETURN QUERY
          SELECT
            p_ids[q.first],
            NULL::text,
            q.cost,
            q.tries,
            now(),
            now(),
            NULL::boolean,
            NULL::bigint,
            NULL::bigint,
            NULL::bigint,
            NULL::bigint,
            NULL::bigint,
            NULL::uuid
            FROM unnest(q_firsts, q_costs, q_tries) q (first, cost, tries);
          RETURN;
        END IF;
        RETURN QUERY
        SELECT
          r.id,
          NULL::text,
          q.cost,
          coalesce(r.tries, q.tries),
          now(),
          coalesce(r.later, now()),
          coalesce(r.later <= now(), true),
          NULL::bigint,
          NULL::bigint,
          NULL::bigint,
          NULL::bigint,
          NULL::bigint,
          NULL::uuid
          FROM unnest(p_ids, p_customers, p_types, p_run_at, p_max_attempts)
                 r (id, customer_id, job_type_id, later, tries)
          JOIN unnest(q_customers, q_types, q_costs, q_tries) q (customer_id, job_type_id, cost, tries)
         USING (customer_id, job_type_id);
        RETURN;
      EXCEPTION WHEN SQLSTATE 'IEP01' THEN
        NULL;  -- all of the batch is rolled back
      END;
    END IF;
  END IF;

  -- One by one, exact: somebody may be unable to pay for everything, or something is unknown.
  PERFORM FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE;
  FOR n IN 1..cardinality(p_ids) LOOP
    v_job := quote_job(p_customers[n], p_types[n]);
    v_job.job_id := p_ids[n];
    v_job.max_attempts := coalesce(p_max_attempts[n], v_job.max_attempts);
    v_job.created_at := now();
    v_job.run_at := coalesce(p_run_at[n], now());
    v_job.due := v_job.run_at <= now();
    IF v_job.refusal IS NULL THEN
      INSERT INTO jobs (
        id,
        customer_id,
        job_type_id,
        priority,
        input_data,
        estimated_cost_cents,
        max_attempts,
        run_at,
        retry_of
      )
      VALUES (
        p_ids[n],
        p_customers[n],
        p_types[n],
        p_priorities[n],
        p_inputs[n],
        v_job.estimated_cost_cents,
        v_job.max_attempts,
        v_job.run_at,
        p_retry_of[n]
      );
      IF v_job.due THEN
        INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
        VALUES (
          p_priorities[n],
          p_ids[n],
          p_customers[n],
          CASE WHEN p_room[p_priorities[n] + 1] THEN now() END
        );
      ELSE
        INSERT INTO job_schedule (job_id, priority, customer_id, run_at)
        VALUES (p_ids[n], p_priorities[n], p_customers[n], v_job.run_at);
      END IF;
      UPDATE wallets w
         SET pending_charges_cents = w.pending_charges_cents + v_job.estimated_cost_cents,
             updated_at = greatest(w.updated_at, clock_timestamp())
       WHERE w.customer_id = p_customers[n];
    END IF;
    -- A refused job may be there already: an earlier call stored it and its reply was lost. Its own hold uses
    -- up the balance, so a second hold is refused. It gets no row; the caller looks the job up by its id.
    CONTINUE WHEN v_job.refusal IS NOT NULL AND EXISTS (SELECT FROM jobs j WHERE j.id = p_ids[n]);
    RETURN NEXT v_job;
  END LOOP;
END $$;
