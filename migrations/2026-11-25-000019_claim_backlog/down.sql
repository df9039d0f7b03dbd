DROP FUNCTION claim_backlog;
CREATE OR REPLACE FUNCTION stamp_backlog(p_priority smallint, p_limit int, p_after uuid) RETURNS TABLE (job_id uuid, next_cursor uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_sort = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  c_zero      constant uuid := '00000000-0000-0000-0000-000000000000';
  v_customers uuid[] := '{}';
  v_next      uuid := coalesce(p_after, c_zero);
  v_customer  uuid;
  v_wrapped   boolean := p_after IS NULL;
  v_ids       uuid[];
  v_ranks     int[];
BEGIN
  -- One at a time. FOR UPDATE SKIP LOCKED alone also locks, until its commit, what another refill has just stamped and pushed, although it then leaves it out; a claim that
  -- comes meanwhile would skip those, and they would wait until they count as lost (measured: the last jobs of a backlog, 2 s late).
  PERFORM pg_advisory_xact_lock(hashtext('stamp_backlog'), p_priority);
  LOOP
    SELECT q.customer_id INTO v_customer FROM job_queue q
     WHERE q.priority = p_priority AND q.enqueued_at IS NULL AND q.customer_id > v_next ORDER BY q.customer_id LIMIT 1;
    IF v_customer IS NULL OR (v_wrapped AND v_customer > p_after) THEN  -- the end of the ring: wrap once, up to where we began
      EXIT WHEN v_wrapped;
      v_wrapped := true; v_next := c_zero; CONTINUE;
    END IF;
    v_customers := v_customers || v_customer; v_next := v_customer;
    EXIT WHEN cardinality(v_customers) >= p_limit;
  END LOOP;
  IF v_customers = '{}' THEN RETURN; END IF;

  SELECT array_agg(x.job_id), array_agg(x.rank) INTO v_ids, v_ranks FROM (
    SELECT q.job_id, row_number() OVER (PARTITION BY c.ord) AS rank
      FROM unnest(v_customers) WITH ORDINALITY c (id, ord) CROSS JOIN LATERAL (
        SELECT q.job_id FROM job_queue q WHERE q.priority = p_priority AND q.enqueued_at IS NULL AND q.customer_id = c.id
         ORDER BY q.customer_id, q.job_id LIMIT ceil(p_limit::numeric / cardinality(v_customers)) FOR UPDATE SKIP LOCKED) q
     LIMIT p_limit) x;
  UPDATE job_queue q SET enqueued_at = clock_timestamp() WHERE q.priority = p_priority AND q.job_id = ANY (v_ids);
  RETURN QUERY SELECT x.id, v_next FROM unnest(v_ids, v_ranks) x (id, rank) ORDER BY x.rank;
END $$;
DROP FUNCTION take_turns;
