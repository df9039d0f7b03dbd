-- Does: submits a batch of which some jobs stand under idempotency keys: calls submit_jobs for those that
--   nobody has created yet.
-- Locks, in order: idempotency_keys by id, then as submit_jobs. Twins wait for each other at the keys, and
--   then find what was created.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at?, run_at?, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?, price_currency?, wallet_currency?, waiting_limit?, waiting_jobs?
-- Raises: as submit_jobs; serialization_failure: a key expired while it was taken. The caller starts again.
-- Called by: src/postgres/hot/submissions.ts, submit_traced_jobs.
--
-- p_keys, p_hashes: null where a job has no key. p_items: its place in the request, from 0.
-- replay_of: the job that was created before under this key, to be returned instead.
-- refusal: as submit_jobs, or idempotency_key_reused (the key stands for another request), or twin_refused
-- (the same item stands earlier in this very batch, and was refused).

CREATE OR REPLACE FUNCTION submit_keyed_jobs(
  p_ids          uuid[],
  p_customers    uuid[],
  p_types        uuid[],
  p_priorities   smallint[],
  p_inputs       jsonb[],
  p_run_at       timestamptz[],
  p_max_attempts smallint[],
  p_retry_of     uuid[],
  p_room         boolean[],
  p_keys         uuid[],
  p_hashes       uuid[],
  p_items        int[]
)
RETURNS SETOF submitted_job
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these four: submit_jobs.sql
SET enable_nestloop = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_keys      uuid[] := array(SELECT DISTINCT k FROM unnest(p_keys) k WHERE k IS NOT NULL);
  v_fresh     int[];   -- places in the batch
  v_reused    int[];
  v_other     int[];
  v_fresh_ids uuid[];
  v_stored    uuid[];
  v_locked    int;
  v_job       submitted_job;
BEGIN
  INSERT INTO idempotency_keys (id, request_hash)
  SELECT DISTINCT ON (k.id) k.id, k.hash
    FROM unnest(p_keys, p_hashes) WITH ORDINALITY k (id, hash, n)
   WHERE k.id IS NOT NULL
   ORDER BY k.id, k.n
  ON CONFLICT (id) DO NOTHING;
  PERFORM FROM idempotency_keys i WHERE i.id = ANY (v_keys) ORDER BY i.id FOR UPDATE;
  GET DIAGNOSTICS v_locked = ROW_COUNT;
  IF v_locked < cardinality(v_keys) THEN
    RAISE EXCEPTION 'an idempotency key went while it was taken' USING ERRCODE = 'serialization_failure';
  END IF;

  SELECT
    array_agg(q.n ORDER BY q.n) FILTER (WHERE q.verdict = 'fresh'),
    array_agg(q.n) FILTER (WHERE q.verdict = 'reused'),
    array_agg(q.n) FILTER (WHERE q.verdict = 'made')
    INTO v_fresh, v_reused, v_other
    FROM (
      SELECT
        r.n,
        CASE
          WHEN r.key IS NULL THEN 'fresh'
          WHEN i.request_hash <> r.hash THEN 'reused'
          WHEN i.subjects[r.item + 1] IS NOT NULL OR r.nth > 1 THEN 'made'
          ELSE 'fresh'
        END AS verdict
        FROM (
          SELECT
            k.key,
            k.hash,
            k.item,
            k.n,
            row_number() OVER (PARTITION BY k.key, k.hash, k.item ORDER BY k.n) AS nth
            FROM unnest(p_keys, p_hashes, p_items) WITH ORDINALITY k (key, hash, item, n)
        ) r
        LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key
    ) q;

  IF v_fresh IS NOT NULL THEN
    v_fresh_ids := array(SELECT p_ids[n] FROM unnest(v_fresh) n);
    RETURN QUERY
    SELECT *
      FROM submit_jobs(
        v_fresh_ids,
        array(SELECT p_customers[n] FROM unnest(v_fresh) n),
        array(SELECT p_types[n] FROM unnest(v_fresh) n),
        array(SELECT p_priorities[n] FROM unnest(v_fresh) n),
        array(SELECT p_inputs[n] FROM unnest(v_fresh) n),
        array(SELECT p_run_at[n] FROM unnest(v_fresh) n),
        array(SELECT p_max_attempts[n] FROM unnest(v_fresh) n),
        array(SELECT p_retry_of[n] FROM unnest(v_fresh) n),
        p_room
      );
    v_stored := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_fresh_ids));
    UPDATE idempotency_keys i
       SET subjects = (
             SELECT array_agg(coalesce(i.subjects[place], made.job) ORDER BY place)
               FROM generate_series(1, greatest(cardinality(i.subjects), m.last + 1)) place
               LEFT JOIN unnest(m.items, m.jobs) made (item, job) ON made.item + 1 = place
           )
      FROM (
        SELECT k.key, array_agg(k.item) AS items, array_agg(k.job) AS jobs, max(k.item) AS last
          FROM unnest(p_keys, p_items, p_ids) k (key, item, job)
         WHERE k.job = ANY (v_stored)
         GROUP BY 1
      ) m
     WHERE i.id = ANY (v_keys) AND i.id = m.key;
  END IF;
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_keys) AND i.subjects = '{}';

  IF v_reused IS NOT NULL THEN
    FOR v_job.job_id IN SELECT p_ids[n] FROM unnest(v_reused) n LOOP
      v_job.refusal := 'idempotency_key_reused';
      RETURN NEXT v_job;
    END LOOP;
  END IF;
  IF v_other IS NOT NULL THEN
    v_job := NULL;
    v_job.due := false;
    FOR v_job.job_id, v_job.refusal, v_job.replay_of IN
      SELECT
        p_ids[r.n],
        CASE WHEN i.subjects[r.item + 1] IS NULL THEN 'twin_refused' END,
        i.subjects[r.item + 1]
        FROM (SELECT n, p_keys[n] AS key, p_items[n] AS item FROM unnest(v_other) n) r
        LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key
    LOOP
      RETURN NEXT v_job;
    END LOOP;
  END IF;
END $$;
