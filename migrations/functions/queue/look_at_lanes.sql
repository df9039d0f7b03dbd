-- Does: goes on along the ring of a priority and tells in which lanes jobs wait. A lane is the jobs of one
--   customer and one type. The ring goes from the customer after p_after to the last, then from the first to
--   p_after. Stops at the end of the ring, when p_max lanes were found, or when p_idle customers were found
--   who use nothing: those have the next turns, whoever else waits.
-- Locks, in order: where p_apart, an advisory lock for each of idle (only tried, held until the commit).
-- Returns: customers, types, idle, at_customer, at_type, wrapped, ended
-- Raises: nothing.
-- Called by: pick_turns.
--
-- customers, types: the lanes, side by side. idle: of customers, those who use nothing.
-- at_customer, at_type, wrapped: where it stopped, for the next call. The first one begins with p_after, the
-- highest type and (p_after is zero). p_full: customers and types at their limit. p_busy: who uses something.
-- Both are sorted, for place_in.
-- Lanes that p_runner does not serve are passed over. p_runner null: lanes with jobs that may go into the
-- ready lists, and are not in them yet.
--
-- One probe a lane, whatever the backlog (measured: 6 microseconds, and a window function over a backlog of
-- 1,000,000 took 743 ms). A few lanes are probed by a query each, which a lone job is quickest with. More of
-- them are probed by one recursive query for all (500 lanes: 7 ms instead of 14). It has no SET list, because
-- each claim would pay for it: pick_turns leaves only the order of the index.

CREATE OR REPLACE FUNCTION look_at_lanes(
  p_priority    smallint,
  p_runner      runners,
  p_after       uuid,
  p_at_customer uuid,
  p_at_type     uuid,
  p_wrapped     boolean,
  p_full        uuid[],
  p_busy        uuid[],
  p_apart       boolean,
  p_idle        int,
  p_max         int
)
RETURNS TABLE (
  customers   uuid[],
  types       uuid[],
  idle        uuid[],
  at_customer uuid,
  at_type     uuid,
  wrapped     boolean,
  ended       boolean
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
  c_zero      constant uuid := '00000000-0000-0000-0000-000000000000';
  -- When so many lanes were seen, the call ends. The next goes on from there.
  c_seen      constant int := 2000;
  -- So few lanes are probed by a query each.
  c_singly    constant int := 4;
  v_seen      int := 0;
  -- What one query probes at most and what it found. For the lists also: which of these have jobs for them.
  v_want      int;
  v_found     int;
  v_customers uuid[];
  v_types     uuid[];
  v_listable  boolean[];
  v_customer  uuid;
  v_type      uuid;
  v_last      uuid;  -- the customer of the lane before
  -- Types that were met.
  v_served    uuid[] := '{}';
  v_unserved  uuid[] := '{}';
BEGIN
  customers := '{}';
  types := '{}';
  idle := '{}';
  at_customer := p_at_customer;
  at_type := p_at_type;
  wrapped := p_wrapped;
  ended := false;
  <<ring>>
  LOOP
    -- As many as may be needed; where the ones so far were of no use, as many again.
    v_want := least(greatest(v_seen, 1 + p_idle - cardinality(idle)), 1 + p_max - cardinality(types));
    IF v_want <= c_singly THEN
      v_want := 1;
      SELECT ARRAY[q.customer_id], ARRAY[q.job_type_id]
        INTO v_customers, v_types
        FROM job_queue q
       WHERE q.priority = p_priority AND (q.customer_id, q.job_type_id) > (at_customer, at_type)
       ORDER BY q.customer_id, q.job_type_id
       LIMIT 1;
    ELSE
      WITH RECURSIVE lanes AS (
        SELECT at_customer AS customer_id, at_type AS job_type_id, 0 AS nth
        UNION ALL
        SELECT q.customer_id, q.job_type_id, l.nth + 1
          FROM lanes l
         CROSS JOIN LATERAL (
            SELECT q.customer_id, q.job_type_id
              FROM job_queue q
             WHERE q.priority = p_priority
               AND (q.customer_id, q.job_type_id) > (l.customer_id, l.job_type_id)
             ORDER BY q.customer_id, q.job_type_id
             LIMIT 1
          ) q
         WHERE l.nth < v_want
      )
      SELECT array_agg(l.customer_id ORDER BY l.nth), array_agg(l.job_type_id ORDER BY l.nth)
        INTO v_customers, v_types
        FROM lanes l
       WHERE l.nth > 0;
    END IF;
    v_found := coalesce(cardinality(v_types), 0);
    IF p_runner.id IS NULL THEN
      v_listable := array(
        SELECT EXISTS (
                 SELECT
                   FROM job_queue q
                  WHERE q.priority = p_priority
                    AND q.customer_id = l.customer_id
                    AND q.job_type_id = l.job_type_id
                    AND q.enqueued_at IS NULL
               )
          FROM unnest(v_customers, v_types) WITH ORDINALITY l (customer_id, job_type_id, nth)
         ORDER BY l.nth
      );
    END IF;
    FOR n IN 1..v_found LOOP
      v_customer := v_customers[n];
      v_type := v_types[n];
      IF wrapped AND p_after <> c_zero AND v_customer > p_after THEN
        ended := true;
        EXIT ring;
      END IF;
      -- All lanes of a customer are seen together.
      EXIT ring WHEN v_customer IS DISTINCT FROM v_last
        AND (cardinality(idle) >= p_idle OR cardinality(types) >= p_max);
      at_customer := v_customer;
      at_type := v_type;
      CONTINUE WHEN v_type = ANY (v_unserved) OR place_in(p_full, v_customer) IS NOT NULL;
      IF v_type <> ALL (v_served) THEN
        IF place_in(p_full, v_type) IS NOT NULL
          OR p_runner.id IS NULL AND unlisted_types(ARRAY[v_type]) <> '{}'
          OR p_runner.id IS NOT NULL AND NOT EXISTS (
               SELECT FROM job_types t WHERE t.id = v_type AND serves(p_runner, t)
             )
        THEN
          v_unserved := array_append(v_unserved, v_type);
          CONTINUE;
        END IF;
        v_served := array_append(v_served, v_type);
      END IF;
      CONTINUE WHEN NOT v_listable[n];
      IF v_customer IS DISTINCT FROM v_last
        AND place_in(p_busy, v_customer) IS NULL
        AND (NOT p_apart OR pg_try_advisory_xact_lock(hashtext('choose_turns'), uuid_hash(v_customer)))
      THEN
        idle := array_append(idle, v_customer);
      END IF;
      customers := array_append(customers, v_customer);
      types := array_append(types, v_type);
      v_last := v_customer;
    END LOOP;
    v_seen := v_seen + v_found;
    IF v_found < v_want THEN
      ended := wrapped;
      wrapped := true;
      EXIT WHEN ended;
      at_customer := c_zero;
      at_type := c_zero;
    END IF;
    EXIT WHEN v_seen >= c_seen;
  END LOOP;
  RETURN NEXT;
END $$;
