-- Does: stores what running attempts told since the last call: lines, steps of progress, and how far each is.
--   What a job told that is no longer that attempt's is left out. Returns how many rows are new.
-- Locks, in order: jobs by id.
-- Returns: bigint
-- Raises: nothing.
-- Called by: src/postgres/repositories/job-log.ts.
--
-- The fence is (id, status = 'running', attempt). The lock keeps the attempt from ending before these rows
-- are committed, so nobody sees the end of an attempt and a line of it later.
-- p_fractions: null for a line. p_seqs: null for progress that is only kept as the latest.
-- p_messages: JSON strings, because an array of text cannot carry every control character.
-- Safe to repeat: a row that is there stays as it is.

CREATE OR REPLACE FUNCTION write_job_log(
  p_ids       uuid[],
  p_attempts  int[],
  p_seqs      int[],
  p_ats       timestamptz[],
  p_levels    log_level[],
  p_fractions double precision[],
  p_messages  jsonb[]
)
RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off  -- why these two: submit_jobs.sql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_ids      uuid[];
  v_attempts int[];
  v_started  timestamptz[];
  v_new      bigint;
BEGIN
  SELECT array_agg(f.id), array_agg(f.attempt), array_agg(f.started_at)
    INTO v_ids, v_attempts, v_started
    FROM (
      SELECT j.id, j.attempt, j.started_at
        FROM jobs j
       WHERE j.id = ANY (p_ids) AND j.status = 'running'
       ORDER BY j.id
         FOR NO KEY UPDATE
    ) f;

  -- The runner's clock may differ from the database's: nothing is told before its start, or in the future.
  INSERT INTO job_log (job_id, attempt, seq, at, level, fraction, message)
  SELECT
    n.id,
    n.attempt,
    n.seq,
    least(greatest(n.at, f.started_at), now()),
    n.level,
    n.fraction,
    n.message #>> '{}'
    FROM unnest(p_ids, p_attempts, p_seqs, p_ats, p_levels, p_fractions, p_messages)
           n (id, attempt, seq, at, level, fraction, message)
    JOIN unnest(v_ids, v_attempts, v_started) f (id, attempt, started_at)
      ON f.id = n.id AND f.attempt = n.attempt
   WHERE n.seq IS NOT NULL
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS v_new = ROW_COUNT;

  INSERT INTO job_progress AS p (job_id, attempt, at, fraction, message)
  SELECT DISTINCT ON (n.id)
    n.id,
    n.attempt,
    least(greatest(n.at, f.started_at), now()),
    n.fraction,
    n.message #>> '{}'
    FROM unnest(p_ids, p_attempts, p_ats, p_fractions, p_messages)
           WITH ORDINALITY n (id, attempt, at, fraction, message, place)
    JOIN unnest(v_ids, v_attempts, v_started) f (id, attempt, started_at)
      ON f.id = n.id AND f.attempt = n.attempt
   WHERE n.fraction IS NOT NULL
   ORDER BY n.id, n.place DESC
  ON CONFLICT (job_id) DO UPDATE
     SET attempt = excluded.attempt,
         at = excluded.at,
         fraction = excluded.fraction,
         message = excluded.message;
  RETURN v_new;
END $$;
