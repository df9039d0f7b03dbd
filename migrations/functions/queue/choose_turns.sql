-- Does: tells whose turn it is: locks up to p_limit jobs of job_queue for the caller to take, by priority.
--   Within a priority, the customers with the fewest running jobs for their weight come first, then those who
--   started the fewest of late, then the next in the ring after the cursor. Within a customer, the oldest
--   come first. Jobs that p_runner does not serve are passed over, and so are those of a customer or a type
--   at its limit.
-- Locks, in order: an advisory lock for each limited customer and type that it takes from, and for each of
--   up to p_apart customers (all only tried, held until the commit); then rows of job_queue (SKIP LOCKED).
-- Returns: uuid[]
-- Raises: nothing.
-- Called by: claim_turns, stamp_backlog.
--
-- p_runner null: jobs for the ready lists. p_after[priority + 1]: the customer after whom the ring goes on.
-- p_customers, p_running, p_started: what is known of customers: how many of their jobs run, and how many
-- started of late. Those who are not named have none.
--
-- A round shares out the free slots (share_slots) and takes as many jobs of each lane; another follows while
-- a customer had fewer jobs than its share. Of a customer with several lanes, the oldest jobs of all of them
-- are looked up first, without a lock; if others hold these, the next ones of the same lanes follow.
--
-- p_apart: runners that drain one backlog stay out of each other's way: a call begins with customers that no
-- other call takes from at that moment, so that the settles that follow meet at fewer wallets (ADR 19).
--
-- A limit is exact: whoever takes from a limited customer or type holds its advisory lock until the commit,
-- and counts what runs after it has the lock.

CREATE OR REPLACE FUNCTION choose_turns(
  p_priorities smallint[],
  p_limit      int,
  p_runner     uuid,
  p_after      uuid[],
  p_apart      int,
  p_customers  uuid[],
  p_running    int[],
  p_started    float8[]
)
RETURNS uuid[]
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  c_zero     constant uuid := '00000000-0000-0000-0000-000000000000';
  -- Customers among whom a small claim chooses.
  c_choice   constant int := 32;
  v_limits   constant boolean := p_runner IS NOT NULL AND (
    EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
    OR EXISTS (SELECT FROM job_types t WHERE t.running_limit IS NOT NULL)
  );
  v_full     uuid[] := '{}';
  v_taken    uuid[] := '{}';
  v_rest     int;
  v_priority smallint;
  v_apart    boolean;
  -- Customers whose jobs wait, side by side, in the order of their turns.
  c_ids      uuid[];
  c_weights  float8[];
  c_running  float8[];
  c_lanes    int[];
  c_open     boolean[];  -- may have more jobs than were taken
  c_shares   int[];
  -- Their lanes, side by side.
  l_owners   int[];      -- place in c_ids
  l_types    uuid[];
  l_last     uuid[];     -- the last job that was taken from it
  l_shares   int[];
  -- Limited customers and types that this call takes from, and how many more of their jobs may start.
  m_ids      uuid[] := '{}';
  m_room     int[] := '{}';
  m_customer int;
  m_type     int;
  -- What a round found: jobs in the order of the turns, and the lane of each.
  f_ids      uuid[];
  f_lanes    int[];
  v_in       int[];
  v_shares   int[];
  v_limited  uuid[];
  v_row      record;
  v_owner    int;
  n          int;
BEGIN
  IF v_limits THEN
    v_full := array(SELECT b.subject FROM room_below_limits(NULL) b);
  END IF;
  FOREACH v_priority IN ARRAY p_priorities LOOP
    v_rest := p_limit - cardinality(v_taken);
    EXIT WHEN v_rest <= 0;

    WITH lane AS MATERIALIZED (
      SELECT w.customer_id, w.job_type_id, w.nth
        FROM waiting_lanes(v_priority, p_runner, p_after[v_priority + 1], v_full, greatest(v_rest, c_choice))
             WITH ORDINALITY w (customer_id, job_type_id, nth)
    ), turn AS MATERIALIZED (
      SELECT
        row_number() OVER (ORDER BY k.running / c.weight, k.started / c.weight, first.nth)::int AS place,
        first.customer_id,
        first.lanes,
        c.weight::float8 AS weight,
        k.running
        FROM (SELECT l.customer_id, min(l.nth) AS nth, count(*)::int AS lanes FROM lane l GROUP BY 1) first
        JOIN customers c ON c.id = ANY (array(SELECT l.customer_id FROM lane l)) AND c.id = first.customer_id
        LEFT JOIN unnest(p_customers, p_running, p_started) known (customer_id, running, started)
          ON known.customer_id = first.customer_id
       CROSS JOIN LATERAL (
          SELECT coalesce(known.running, 0)::float8 AS running, coalesce(known.started, 0) AS started
       ) k
    )
    SELECT
      (SELECT array_agg(t.customer_id ORDER BY t.place) FROM turn t),
      (SELECT array_agg(t.weight ORDER BY t.place) FROM turn t),
      (SELECT array_agg(t.running ORDER BY t.place) FROM turn t),
      (SELECT array_agg(t.lanes ORDER BY t.place) FROM turn t),
      array_agg(t.place),
      array_agg(l.job_type_id)
      INTO c_ids, c_weights, c_running, c_lanes, l_owners, l_types
      FROM lane l
      JOIN turn t ON t.customer_id = l.customer_id;
    CONTINUE WHEN c_ids IS NULL;
    c_open := array_fill(true, ARRAY[cardinality(c_ids)]);
    l_last := array_fill(c_zero, ARRAY[cardinality(l_types)]);

    FOR v_round IN 1..10 LOOP
      v_apart := v_round = 1 AND p_apart > 0 AND cardinality(c_ids) > 1;
      v_in := '{}';
      FOR n IN 1..cardinality(c_ids) LOOP
        EXIT WHEN v_apart AND cardinality(v_in) >= least(p_apart, v_rest);
        CONTINUE WHEN NOT c_open[n];
        CONTINUE WHEN v_apart
          AND NOT pg_try_advisory_xact_lock(hashtext('choose_turns'), uuid_hash(c_ids[n]));
        v_in := v_in || n;
      END LOOP;
      CONTINUE WHEN v_in = '{}' AND v_apart;
      EXIT WHEN v_in = '{}';
      IF v_round > 1 THEN
        v_in := array(SELECT i FROM unnest(v_in) i ORDER BY c_running[i] / c_weights[i], i);
      END IF;
      v_shares := share_slots(
        v_rest,
        array(SELECT c_weights[i] FROM unnest(v_in) i),
        array(SELECT c_running[i] FROM unnest(v_in) i)
      );
      c_shares := array_fill(0, ARRAY[cardinality(c_ids)]);
      FOR n IN 1..cardinality(v_in) LOOP
        c_shares[v_in[n]] := v_shares[n];
      END LOOP;

      IF v_limits THEN
        FOR v_row IN
          SELECT x.id
            FROM (
              SELECT c.id FROM customers c WHERE c.running_limit IS NOT NULL AND c.id = ANY (c_ids)
              UNION ALL
              SELECT t.id FROM job_types t WHERE t.running_limit IS NOT NULL AND t.id = ANY (l_types)
            ) x
           WHERE x.id <> ALL (m_ids)
             AND coalesce(c_shares[array_position(c_ids, x.id)] > 0, true)
        LOOP
          IF pg_try_advisory_xact_lock(hashtext('running_limit'), uuid_hash(v_row.id)) THEN
            v_limited := v_limited || v_row.id;
          ELSE
            m_ids := m_ids || v_row.id;
            m_room := m_room || 0;
          END IF;
        END LOOP;
        IF v_limited IS NOT NULL THEN
          FOR v_row IN SELECT b.subject, b.room FROM room_below_limits(v_limited) b LOOP
            m_ids := m_ids || v_row.subject;
            m_room := m_room || v_row.room;
          END LOOP;
          v_limited := NULL;
        END IF;
        FOR n IN 1..cardinality(c_ids) LOOP
          c_shares[n] := greatest(0, least(c_shares[n], m_room[array_position(m_ids, c_ids[n])]));
        END LOOP;
      END IF;

      l_shares := array(
        SELECT CASE WHEN c_lanes[l.owner] = 1 THEN c_shares[l.owner] ELSE 0 END
          FROM unnest(l_owners) WITH ORDINALITY l (owner, nth)
         ORDER BY l.nth
      );
      IF cardinality(l_types) > cardinality(c_ids) THEN
        FOR v_row IN
          SELECT p.nth, count(*)::int AS jobs
            FROM (
              SELECT l.nth, l.owner, row_number() OVER (PARTITION BY l.owner ORDER BY q.job_id) AS place
                FROM unnest(l_owners, l_types, l_last) WITH ORDINALITY l (owner, job_type_id, last, nth)
               CROSS JOIN LATERAL (
                  SELECT q.job_id
                    FROM job_queue q
                   WHERE q.priority = v_priority
                     AND q.customer_id = c_ids[l.owner]
                     AND q.job_type_id = l.job_type_id
                     AND q.job_id > l.last
                     AND (p_runner IS NOT NULL OR q.enqueued_at IS NULL)
                   ORDER BY q.customer_id, q.job_type_id, q.job_id
                   LIMIT c_shares[l.owner]
                ) q
               WHERE c_lanes[l.owner] > 1 AND c_shares[l.owner] > 0
            ) p
           WHERE p.place <= c_shares[p.owner]
           GROUP BY p.nth
        LOOP
          l_shares[v_row.nth] := v_row.jobs;
        END LOOP;
      END IF;

      SELECT array_agg(f.job_id), array_agg(f.lane)
        INTO f_ids, f_lanes
        FROM (
          SELECT
            q.job_id,
            l.nth::int AS lane
            FROM unnest(l_owners, l_types, l_last, l_shares)
                   WITH ORDINALITY l (owner, job_type_id, last, share, nth)
           CROSS JOIN LATERAL (
              SELECT q.job_id
                FROM job_queue q
               WHERE q.priority = v_priority
                 AND q.customer_id = c_ids[l.owner]
                 AND q.job_type_id = l.job_type_id
                 AND q.job_id > l.last
                 AND (p_runner IS NOT NULL OR q.enqueued_at IS NULL)
               ORDER BY q.customer_id, q.job_type_id, q.job_id
               LIMIT l.share
                 FOR UPDATE SKIP LOCKED
            ) q
           WHERE l.share > 0
           ORDER BY
             (c_running[l.owner] + row_number() OVER (PARTITION BY l.nth)) / c_weights[l.owner],
             l.owner
        ) f;
      IF cardinality(f_ids) >= v_rest AND NOT v_limits THEN
        v_taken := v_taken || f_ids;
        EXIT;
      END IF;
      FOR n IN 1..coalesce(cardinality(f_ids), 0) LOOP
        v_owner := l_owners[f_lanes[n]];
        l_last[f_lanes[n]] := greatest(l_last[f_lanes[n]], f_ids[n]);
        m_customer := array_position(m_ids, c_ids[v_owner]);
        m_type := array_position(m_ids, l_types[f_lanes[n]]);
        CONTINUE WHEN m_room[m_customer] <= 0 OR m_room[m_type] <= 0;
        IF m_customer IS NOT NULL THEN
          m_room[m_customer] := m_room[m_customer] - 1;
        END IF;
        IF m_type IS NOT NULL THEN
          m_room[m_type] := m_room[m_type] - 1;
        END IF;
        v_taken := v_taken || f_ids[n];
        v_rest := v_rest - 1;
        c_shares[v_owner] := c_shares[v_owner] - 1;
        c_running[v_owner] := c_running[v_owner] + 1;
      END LOOP;
      EXIT WHEN v_rest <= 0;
      -- Who had fewer jobs than its share, or is at its limit, takes no part in the next round.
      FOREACH n IN ARRAY v_in LOOP
        c_open[n] := c_open[n]
          AND c_shares[n] = 0
          AND coalesce(m_room[array_position(m_ids, c_ids[n])] > 0, true);
      END LOOP;
    END LOOP;
  END LOOP;
  RETURN v_taken;
END $$;
