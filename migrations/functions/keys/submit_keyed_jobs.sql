-- Does: submit_jobs for a batch of which some jobs stand under keys: stores those that no request has stored
--   yet. replay_of is the job that an earlier request created under this key; it is returned instead. refusal
--   idempotency_key_reused: the key stands for another request. refusal twin_refused: the same item of the
--   same request stands earlier in this very batch, and was refused. p_keys and p_hashes are null where a job
--   has no key. p_items is its place in its request, from 0.
-- Locks, in order: keys by id (FOR UPDATE), then what submit_jobs locks. Twins wait for each other at their
--   key, and then find what was created.
-- Returns: job_id, refusal?, estimated_cost_cents?, max_attempts?, created_at?, run_at?, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?
-- Raises: serialization_failure when a key expired while it was taken: the caller starts again.
-- Called by: src/postgres/hot/submissions.ts.

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
#variable_conflict use_column
DECLARE
  v_keys      uuid[] := array(SELECT DISTINCT k FROM unnest(p_keys) k WHERE k IS NOT NULL);
  -- Places in the batch.
  v_fresh     int[];
  v_reused    int[];
  v_made      int[];
  v_fresh_ids uuid[];
  v_stored    uuid[];
  v_locked    int;
  v_place     int;
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

  SELECT array_agg(q.n ORDER BY q.n) FILTER (WHERE q.verdict = 'fresh'),
         array_agg(q.n) FILTER (WHERE q.verdict = 'reused'),
         array_agg(q.n) FILTER (WHERE q.verdict = 'made')
    INTO v_fresh, v_reused, v_made
    FROM (
      SELECT r.n,
             CASE
               WHEN r.key IS NULL THEN 'fresh'
               WHEN i.request_hash <> r.hash THEN 'reused'
               WHEN i.subjects[r.item + 1] IS NOT NULL OR r.nth > 1 THEN 'made'
               ELSE 'fresh'
             END AS verdict
        FROM (
          SELECT k.key, k.hash, k.item, k.n,
                 row_number() OVER (PARTITION BY k.key, k.hash, k.item ORDER BY k.n) AS nth
            FROM unnest(p_keys, p_hashes, p_items) WITH ORDINALITY k (key, hash, item, n)
        ) r
        LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key
    ) q;

  IF v_fresh IS NOT NULL THEN
    v_fresh_ids := array(SELECT p_ids[n] FROM unnest(v_fresh) n);
    RETURN QUERY
    SELECT s.*
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
      ) s;
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

  FOREACH v_place IN ARRAY coalesce(v_reused, '{}') LOOP
    v_job := NULL;
    v_job.job_id := p_ids[v_place];
    v_job.refusal := 'idempotency_key_reused';
    RETURN NEXT v_job;
  END LOOP;

  FOREACH v_place IN ARRAY coalesce(v_made, '{}') LOOP
    v_job := NULL;
    v_job.job_id := p_ids[v_place];
    v_job.due := false;
    v_job.replay_of := (
      SELECT i.subjects[p_items[v_place] + 1] FROM idempotency_keys i WHERE i.id = p_keys[v_place]
    );
    v_job.refusal := CASE WHEN v_job.replay_of IS NULL THEN 'twin_refused' END;
    RETURN NEXT v_job;
  END LOOP;
END $$;
