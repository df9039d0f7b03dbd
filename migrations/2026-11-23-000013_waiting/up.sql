-- UNPARK: jobs whose type is no longer paused wait in the backlog again. One batch; answers how many.
CREATE FUNCTION unpark_jobs(p_limit int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_ids uuid[] := array(
    SELECT k.job_id FROM job_parked k JOIN job_types t ON t.id = k.job_type_id WHERE t.paused_at IS NULL LIMIT p_limit FOR UPDATE OF k SKIP LOCKED);
BEGIN
  WITH gone AS (DELETE FROM job_parked k WHERE k.job_id = ANY (v_ids) RETURNING k.priority, k.job_id, k.customer_id)
  INSERT INTO job_queue (priority, job_id, customer_id) SELECT gone.priority, gone.job_id, gone.customer_id FROM gone;
  RETURN cardinality(v_ids);
END $$;

-- AGE: what has waited p_after at a priority moves up one, so that a stream of higher jobs cannot starve it for ever. Only the order changes: the job keeps
-- its priority, and its id may still stand in the old list, where it is a stale hint. Looks at up to p_limit jobs after the cursor, oldest ids first;
-- answers how many moved, and the next cursor, null at the end. No index on waits_since (measured: 3.5 us a job): nobody waits since before their id
-- was made (UUIDv7), so that normally there is nothing to look at, and a long backlog is walked a window at a time.
CREATE FUNCTION age_jobs(p_priority smallint, p_after interval, p_limit int, p_cursor uuid) RETURNS TABLE (aged bigint, next_cursor uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_sort = off SET enable_bitmapscan = off AS $$
DECLARE
  v_before constant timestamptz := now() - p_after;
  v_last   constant uuid := (lpad(to_hex(floor(extract(epoch FROM v_before) * 1000)::bigint), 12, '0') || repeat('f', 20))::uuid;
  v_seen   uuid[];
  v_old    uuid[];
BEGIN
  SELECT array_agg(w.job_id), array_agg(w.job_id) FILTER (WHERE w.waits_since < v_before) INTO v_seen, v_old FROM (
    SELECT q.job_id, q.waits_since FROM job_queue q
     WHERE q.priority = p_priority AND q.job_id > coalesce(p_cursor, '00000000-0000-0000-0000-000000000000') AND q.job_id <= v_last
     ORDER BY q.job_id LIMIT p_limit) w;
  aged := 0;
  IF v_old IS NOT NULL THEN
    v_old := array(SELECT q.job_id FROM job_queue q WHERE q.priority = p_priority AND q.job_id = ANY (v_old) AND q.waits_since < v_before FOR UPDATE SKIP LOCKED);
    UPDATE job_queue q SET priority = p_priority - 1, enqueued_at = NULL, waits_since = now() WHERE q.priority = p_priority AND q.job_id = ANY (v_old);
    aged := cardinality(v_old);
  END IF;
  next_cursor := CASE WHEN cardinality(v_seen) = p_limit THEN v_seen[p_limit] END;
  RETURN NEXT;
END $$;
