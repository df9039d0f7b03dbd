-- Does: quotes, holds and stores a batch of jobs, each request on its own: a job and its hold exist together
--   or not at all. refusal says why nothing of a request was stored or held.
-- Locks, in order: wallets by id (FOR NO KEY UPDATE), after the jobs were inserted; or before, for a batch
--   that cannot be paid as things stand, and for one with a customer who has a waiting_limit.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at, run_at, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?, price_currency?, wallet_currency?, waiting_limit?, waiting_jobs?
-- Raises: the constraints of jobs: unique_violation for a job that an earlier call stored.
-- Called by: src/postgres/hot/submissions.ts, submit_keyed_jobs, submit_traced_jobs, advance_bulk_retry.
--
-- One row a request. due is null when one row stands for several requests, which were stored with its price
-- and are due now: all jobs of its type or, where a customer of the batch has a price of its own, of its
-- customer and type. A request whose job an earlier call stored, and whose own hold now uses up the balance,
-- has no row: the caller looks the job up by its id. p_room[priority + 1]: the caller pushes jobs of this
-- priority to the ready lists after the commit, so they are stamped as pushed now. p_run_at, p_max_attempts
-- and p_retry_of may be null where no job uses them.
--
-- late_ids: a batch with an id that is more than 5 s old is noted there, for the forward cursor (ADR 26). The
-- number of the transaction is taken before the clock is read: that order is what the cursor relies on.
--
-- A batch is stored first and its wallets are locked last, for the hold and the commit alone, so that calls
-- on the same wallets overlap (measured with two calls at a time: 61,000 jobs a second, 47,000 before). A
-- batch in which a customer cannot pay at the first look, which is at the jobs of each type apart, or cannot
-- at the hold, goes the other way: under the locks, one by one, in the order given.
--
-- Arrays are unnested in the SELECT list, side by side: in FROM each would go through its own tuplestore.
--
-- refusal: as quote_job, or queue_full. The lock of the wallet is what makes a waiting_limit exact: under it
-- no other call stores jobs of that customer, and the count, in a later statement, sees what those before
-- stored. Who has no such limit pays nothing: whether there is one is read with the prices.
--
-- The SET list, here and in the other functions of the hot path: every big table is reached by
-- `key = ANY (array)` and joined by hash. So neither stale statistics nor a plan that was made for another
-- size of batch can turn a batch of n into n * n (measured: 8 ms against 737 ms for 500 jobs with a plan that
-- was cached for a table of 3 rows). One plan serves all sizes: a batch of one would otherwise be planned
-- anew at every call, because the plan made for it looks cheaper by more than planning is taken to cost
-- (measured for one job: settle 0.56 instead of 0.76 ms, claim 0.37 instead of 0.44 ms).

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
#variable_conflict use_column
DECLARE
  u_customers uuid[] := p_customers;
  u_types     uuid[] := p_types;
  -- The customers and types of the batch, each pair once.
  r_customers uuid[];
  r_types     uuid[];
  r_jobs      bigint[];
  r_firsts    int[];  -- place of its first job in the batch
  -- A quote for each of them.
  q_customers uuid[];
  q_types     uuid[];
  q_costs     bigint[];
  q_tries     smallint[];
  q_jobs      bigint[];
  q_firsts    int[];
  v_quoted    bigint;
  v_payable   boolean;           -- whether every wallet could pay, as far as is known without a lock
  v_own       boolean;           -- whether a customer has a price of its own
  v_limited   boolean := false;  -- whether a customer has a waiting_limit
  v_full      boolean := false;  -- whether a customer may not have all of these jobs wait
  -- What waits of each such customer, in the batch that goes one by one.
  w_customers uuid[] := '{}';
  w_jobs      bigint[] := '{}';
  v_place     int;
  -- Types and customers whose jobs do not go into the ready lists.
  v_unlisted  uuid[] := '{}';
  n           int;
  v_xid       xid8;
  v_job       submitted_job;
BEGIN
  IF cardinality(p_ids) > 1 THEN
    SELECT array_agg(r.customer_id), array_agg(r.job_type_id), array_agg(r.jobs), array_agg(r.first)
      INTO r_customers, r_types, r_jobs, r_firsts
      FROM (
        SELECT b.customer_id, b.job_type_id, count(*) AS jobs, min(b.nth) AS first
          FROM (
            SELECT
              unnest(p_customers) AS customer_id,
              unnest(p_types) AS job_type_id,
              generate_subscripts(p_ids, 1) AS nth
          ) b
         GROUP BY 1, 2
      ) r;
    u_types := array(SELECT DISTINCT t FROM unnest(r_types) t);
    u_customers := r_customers;
    IF cardinality(u_types) > 1 THEN
      u_customers := array(SELECT DISTINCT c FROM unnest(r_customers) c);
    END IF;
  END IF;
  IF true = ANY (p_room) THEN
    v_unlisted := unlisted_types(u_types) || array(
      SELECT c.id FROM customers c WHERE c.id = ANY (u_customers) AND c.running_limit IS NOT NULL
    );
  END IF;
  v_xid := pg_current_xact_id();
  IF id_at(clock_timestamp() - interval '5 seconds') > ANY (p_ids) THEN
    INSERT INTO late_ids (created_xid, first_id)
    SELECT v_xid, i FROM unnest(p_ids) i ORDER BY i LIMIT 1
    ON CONFLICT (created_xid) DO UPDATE SET first_id = least(late_ids.first_id, excluded.first_id);
  END IF;

  -- A single job is quicker one by one.
  IF cardinality(p_ids) > 1 THEN
    -- Prices, and whether every wallet could pay, without a lock.
    SELECT array_agg(r.customer_id),
           array_agg(r.job_type_id),
           array_agg(price.cents),
           array_agg(t.max_attempts),
           array_agg(r.jobs),
           array_agg(r.first),
           sum(r.jobs),
           bool_and(hold_refusal(w, price.cents * r.jobs) IS NULL),
           bool_or(o.cost_cents IS NOT NULL),
           bool_or(c.waiting_limit IS NOT NULL)
      INTO q_customers, q_types, q_costs, q_tries, q_jobs, q_firsts, v_quoted, v_payable, v_own, v_limited
      FROM (
        SELECT
          unnest(r_customers) AS customer_id,
          unnest(r_types) AS job_type_id,
          unnest(r_jobs) AS jobs,
          unnest(r_firsts) AS first
      ) r
      JOIN job_types t ON t.id = ANY (u_types) AND t.id = r.job_type_id AND t.enabled
      JOIN customers c ON c.id = ANY (u_customers) AND c.id = r.customer_id AND c.active
      JOIN wallets w ON w.customer_id = ANY (u_customers) AND w.customer_id = r.customer_id
      LEFT JOIN customer_prices o
        ON o.customer_id = ANY (u_customers)
       AND o.job_type_id = ANY (u_types)
       AND o.customer_id = r.customer_id
       AND o.job_type_id = r.job_type_id
     CROSS JOIN LATERAL (SELECT coalesce(o.cost_cents, t.standard_cost_cents) AS cents) price
     WHERE o.cost_cents IS NOT NULL OR is_priced_in(t, w.currency);

    IF v_limited THEN
      PERFORM FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE;
      v_full := EXISTS (
        SELECT
          FROM (
            SELECT q.customer_id, sum(q.jobs) AS jobs
              FROM unnest(q_customers, q_jobs) q (customer_id, jobs)
             GROUP BY 1
          ) n
          JOIN customers c ON c.id = ANY (u_customers) AND c.id = n.customer_id
         WHERE CASE
                 WHEN c.waiting_limit IS NULL THEN false  -- first: without a limit nothing bounds the count
                 ELSE count_waiting_jobs(c.id, c.waiting_limit) + n.jobs > c.waiting_limit
               END
      );
    END IF;

    IF NOT v_full AND v_payable AND v_quoted = cardinality(p_ids) THEN
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
        SELECT r.id,
               r.customer_id,
               r.job_type_id,
               r.priority,
               r.input,
               q.cost,
               coalesce(r.tries, q.tries),
               coalesce(r.later, now()),
               r.retry_of
          FROM (
            SELECT
              unnest(p_ids) AS id,
              unnest(p_customers) AS customer_id,
              unnest(p_types) AS job_type_id,
              unnest(p_priorities) AS priority,
              unnest(p_inputs) AS input,
              unnest(p_run_at) AS later,
              unnest(p_max_attempts) AS tries,
              unnest(p_retry_of) AS retry_of
          ) r
          JOIN (
            SELECT
              unnest(q_customers) AS customer_id,
              unnest(q_types) AS job_type_id,
              unnest(q_costs) AS cost,
              unnest(q_tries) AS tries
          ) q
         USING (customer_id, job_type_id);

        INSERT INTO job_queue (priority, job_id, customer_id, job_type_id, enqueued_at)
        SELECT r.priority,
               r.id,
               r.customer_id,
               r.job_type_id,
               CASE
                 WHEN p_room[r.priority + 1]
                  AND r.customer_id <> ALL (v_unlisted)
                  AND r.job_type_id <> ALL (v_unlisted)
                 THEN now()
               END
          FROM (
            SELECT
              unnest(p_priorities) AS priority,
              unnest(p_ids) AS id,
              unnest(p_customers) AS customer_id,
              unnest(p_types) AS job_type_id,
              unnest(p_run_at) AS later
          ) r
         WHERE coalesce(r.later <= now(), true);

        IF p_run_at IS NOT NULL THEN
          INSERT INTO job_schedule (job_id, priority, customer_id, job_type_id, run_at)
          SELECT r.id, r.priority, r.customer_id, r.job_type_id, r.later
            FROM unnest(p_priorities, p_ids, p_customers, p_types, p_run_at)
                   r (priority, id, customer_id, job_type_id, later)
           WHERE r.later > now();
        END IF;

        -- The order keeps this free of deadlocks. The statement after it sees the wallets as they are now.
        PERFORM
           FROM wallets w
          WHERE w.customer_id = ANY (u_customers)
          ORDER BY w.id
            FOR NO KEY UPDATE;
        UPDATE wallets w
           SET pending_charges_cents = w.pending_charges_cents + need.cents,
               updated_at = greatest(w.updated_at, clock_timestamp())
          FROM (
            SELECT q.customer_id, sum(q.cost * q.jobs)::bigint AS cents
              FROM (
                SELECT unnest(q_customers) AS customer_id, unnest(q_costs) AS cost, unnest(q_jobs) AS jobs
              ) q
             GROUP BY 1
          ) need
         WHERE w.customer_id = ANY (u_customers)
           AND w.customer_id = need.customer_id
           AND hold_refusal(w, need.cents) IS NULL;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n < cardinality(u_customers) THEN
          RAISE EXCEPTION 'a wallet was spent meanwhile' USING ERRCODE = 'IEP01';
        END IF;

        v_job.created_at := now();
        IF p_run_at IS NULL AND p_max_attempts IS NULL THEN
          v_job.run_at := now();
          IF NOT v_own THEN  -- all jobs of a type have its price
            FOR v_job.job_id, v_job.estimated_cost_cents, v_job.max_attempts IN
              SELECT DISTINCT ON (q.job_type_id) p_ids[q.first], q.cost, q.tries
                FROM unnest(q_types, q_firsts, q_costs, q_tries) q (job_type_id, first, cost, tries)
            LOOP
              RETURN NEXT v_job;
            END LOOP;
            RETURN;
          END IF;
          FOR n IN 1..cardinality(q_firsts) LOOP
            v_job.job_id := p_ids[q_firsts[n]];
            v_job.estimated_cost_cents := q_costs[n];
            v_job.max_attempts := q_tries[n];
            RETURN NEXT v_job;
          END LOOP;
          RETURN;
        END IF;
        FOR v_job.job_id, v_job.estimated_cost_cents, v_job.max_attempts, v_job.run_at, v_job.due IN
          SELECT r.id,
                 q.cost,
                 coalesce(r.tries, q.tries),
                 coalesce(r.later, now()),
                 coalesce(r.later <= now(), true)
            FROM unnest(p_ids, p_customers, p_types, p_run_at, p_max_attempts)
                   r (id, customer_id, job_type_id, later, tries)
            JOIN unnest(q_customers, q_types, q_costs, q_tries) q (customer_id, job_type_id, cost, tries)
           USING (customer_id, job_type_id)
        LOOP
          RETURN NEXT v_job;
        END LOOP;
        RETURN;
      EXCEPTION
        WHEN SQLSTATE 'IEP01' THEN NULL;  -- all of the batch is rolled back
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
    IF v_job.refusal IS NULL AND v_job.waiting_limit IS NOT NULL THEN
      v_place := array_position(w_customers, p_customers[n]);
      IF v_place IS NULL THEN
        v_place := cardinality(w_customers) + 1;
        w_customers[v_place] := p_customers[n];
        w_jobs[v_place] := count_waiting_jobs(p_customers[n], v_job.waiting_limit);
      END IF;
      v_job.waiting_jobs := w_jobs[v_place];
      IF w_jobs[v_place] >= v_job.waiting_limit THEN
        v_job.refusal := 'queue_full';
      ELSE
        w_jobs[v_place] := w_jobs[v_place] + 1;
      END IF;
    END IF;
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
        INSERT INTO job_queue (priority, job_id, customer_id, job_type_id, enqueued_at)
        VALUES (
          p_priorities[n],
          p_ids[n],
          p_customers[n],
          p_types[n],
          CASE
            WHEN p_room[p_priorities[n] + 1]
             AND p_customers[n] <> ALL (v_unlisted)
             AND p_types[n] <> ALL (v_unlisted)
            THEN now()
          END
        );
      ELSE
        INSERT INTO job_schedule (job_id, priority, customer_id, job_type_id, run_at)
        VALUES (p_ids[n], p_priorities[n], p_customers[n], p_types[n], v_job.run_at);
      END IF;
      UPDATE wallets w
         SET pending_charges_cents = w.pending_charges_cents + v_job.estimated_cost_cents,
             updated_at = greatest(w.updated_at, clock_timestamp())
       WHERE w.customer_id = p_customers[n];
    END IF;
    -- A refused job may be there already: an earlier call stored it and its reply was lost. Its own hold uses
    -- up the balance, so a second hold is refused. It gets no row; the caller looks the job up by its id.
    IF v_job.refusal IS NOT NULL THEN
      CONTINUE WHEN EXISTS (SELECT FROM jobs j WHERE j.id = p_ids[n]);
    END IF;
    RETURN NEXT v_job;
  END LOOP;
END $$;
