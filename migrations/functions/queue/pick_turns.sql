-- Does: tells whose turn it is: locks up to p_limit jobs of job_queue for the caller to take, by priority.
--   Within a priority, the free slots go to the customers with the fewest running jobs for their weight.
--   Among those, the first turns are of who is ahead the least, then of the next in the ring after the
--   cursor. Within a customer, the oldest come first. Jobs that p_runner does not serve are passed over, and
--   so are those of a customer or a type at its limit.
-- Locks, in order: an advisory lock for each limited customer and type that it takes from, and for each of
--   up to p_apart customers (all only tried, held until the commit); then rows of job_queue (SKIP LOCKED).
-- Returns: ids, places, priorities, weights
-- Raises: nothing.
-- Called by: claim_next, stamp_backlog.
--
-- One row. ids: the jobs, those of a higher priority first. Side by side with it: where their rows of
-- job_queue are, the priority at which they waited, the weight of their customers.
-- p_runner null: jobs for the ready lists. p_after[priority + 1]: the customer after whom the ring goes on.
-- p_customers, p_running, p_ahead: what is known of customers: how many of their jobs run, and how far they
-- are ahead of others in turns (src/postgres/hot/turns.ts). Those who are not named use nothing.
--
-- A round shares out the free slots (share_slots) and takes as many jobs of each lane; another follows while
-- slots are free and a lane may have more. Customers who use nothing are first in any case, in the order of
-- the ring: as soon as enough of them were seen, the first round needs to know no others. Of a customer with
-- several lanes, the oldest jobs of all of them are looked up first, without a lock; if others hold these,
-- the next ones of the same lanes follow.
--
-- p_apart: runners that drain one backlog stay out of each other's way: a call begins with customers that no
-- other call takes from at that moment, so that the settles that follow meet at fewer wallets (ADR 19).
--
-- The room below the limit of a type (lock_limited) goes by turns as well.

CREATE OR REPLACE FUNCTION pick_turns(
  p_priorities smallint[],
  p_limit      int,
  p_runner     uuid,
  p_after      uuid[],
  p_apart      int,
  p_customers  uuid[],
  p_running    int[],
  p_ahead      float8[]
)
RETURNS TABLE (
  ids        uuid[],
  places     tid[],
  priorities smallint[],
  weights    smallint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_sort = off
SET enable_bitmapscan = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  c_zero     constant uuid := '00000000-0000-0000-0000-000000000000';
  c_last     constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  -- Lanes among which a small claim chooses.
  c_choice   constant int := 32;
  v_limits   constant boolean := p_runner IS NOT NULL AND (
    EXISTS (SELECT FROM customers c WHERE c.running_limit IS NOT NULL)
    OR EXISTS (SELECT FROM job_types t WHERE t.running_limit IS NOT NULL)
  );
  -- Whose job comes first matters to the lists, and to the room below a limit.
  v_ordered  constant boolean := p_runner IS NULL OR v_limits;
  v_runner   runners;
  v_full     uuid[] := '{}';
  v_rest     int := p_limit;
  v_apart    int;
  v_priority smallint;
  v_after    uuid;
  v_look     record;
  -- Who uses something, side by side; by id, for place_in.
  u_ids      uuid[] := p_customers;
  u_running  float8[] := p_running;
  u_ahead    float8[] := p_ahead;
  -- Who has another weight than 1, by id.
  w_ids      uuid[];
  w_weights  float8[];
  -- Customers whose jobs wait, side by side, in the order of the ring.
  c_ids      uuid[];
  c_weights  float8[];
  c_running  float8[];
  c_ahead    float8[];
  c_shares   int[];
  c_lanes    int[];      -- how many open lanes
  -- Their lanes, side by side.
  l_owners   int[];      -- place in c_ids
  l_types    uuid[];
  l_last     uuid[];     -- the last job that was found in it
  l_open     boolean[];  -- may have more jobs
  l_shares   int[];
  -- Limited customers and types that this call takes from, and how many more of their jobs may start; by id.
  m_ids      uuid[] := '{}';
  m_room     int[] := '{}';
  m_customer int;
  m_type     int;
  -- What a round found: jobs, the places of their rows, and the lane of each.
  f_ids      uuid[];
  f_places   tid[];
  f_lanes    int[];
  v_sorted   int[];
  v_in       int[];      -- who takes part in a round, in the order of their turns
  v_places   int[];      -- of each customer in v_in
  v_shares   int[];
  v_idle     int[];
  v_idler    int;        -- place in v_look.idle
  v_want     int;
  v_row      record;
  v_owner    int;
  v_lane     int;
  n          int;
BEGIN
  ids := '{}';
  places := '{}';
  priorities := '{}';
  weights := '{}';
  SELECT * INTO v_runner FROM runners r WHERE r.id = p_runner;
  IF v_limits THEN
    v_full := array(SELECT b.subject FROM room_below_limits(NULL) b ORDER BY 1);
  ELSIF p_runner IS NULL THEN
    v_full := array(SELECT c.id FROM customers c WHERE c.running_limit IS NOT NULL ORDER BY 1);
  END IF;
  IF cardinality(p_customers) > 1 THEN
    SELECT array_agg(u.id), array_agg(u.running), array_agg(u.ahead)
      INTO u_ids, u_running, u_ahead
      FROM (SELECT * FROM unnest(p_customers, p_running, p_ahead) u (id, running, ahead) ORDER BY u.id) u;
  END IF;
  FOREACH v_priority IN ARRAY p_priorities LOOP
    EXIT WHEN v_rest <= 0;
    v_after := coalesce(p_after[v_priority + 1], c_zero);
    SELECT v_after AS at_customer, c_last AS at_type, v_after = c_zero AS wrapped, false AS ended INTO v_look;
    c_ids := '{}';
    c_weights := '{}';
    c_running := '{}';
    c_ahead := '{}';
    l_owners := '{}';
    l_types := '{}';
    l_last := '{}';
    l_open := '{}';

    FOR v_round IN 1..100 LOOP
      v_idle := '{}';
      v_apart := CASE WHEN v_round = 1 THEN p_apart ELSE 0 END;
      v_want := CASE WHEN v_apart > 0 THEN least(v_apart, v_rest) ELSE v_rest END;
      v_lane := cardinality(array_positions(l_open, true));
      IF NOT v_look.ended AND v_lane < greatest(v_rest, c_choice) THEN
        SELECT * INTO v_look
          FROM look_at_lanes(
            v_priority,
            v_runner,
            v_after,
            v_look.at_customer,
            v_look.at_type,
            v_look.wrapped,
            v_full,
            u_ids,
            v_apart > 0,
            CASE WHEN v_round = 1 THEN v_want ELSE 2000000000 END,
            greatest(v_rest, c_choice) - v_lane
          );
        IF v_look.types <> '{}' THEN
          SELECT array_agg(c.id), array_agg(c.weight)
            INTO w_ids, w_weights
            FROM (
              SELECT c.id, c.weight
                FROM customers c
               WHERE c.id = ANY (v_look.customers) AND c.weight <> 1
               ORDER BY c.id
            ) c;
        END IF;
        v_idler := 1;
        FOR n IN 1..cardinality(v_look.customers) LOOP
          IF v_look.customers[n] IS DISTINCT FROM c_ids[cardinality(c_ids)] THEN
            c_ids := array_append(c_ids, v_look.customers[n]);
            v_owner := place_in(u_ids, v_look.customers[n]);
            c_running := array_append(c_running, coalesce(u_running[v_owner], 0));
            c_ahead := array_append(c_ahead, coalesce(u_ahead[v_owner], 0));
            c_weights := array_append(
              c_weights, coalesce(w_weights[place_in(w_ids, v_look.customers[n])], 1)
            );
            -- Those of idle stand in the same order.
            IF v_look.customers[n] = v_look.idle[v_idler] THEN
              v_idle := array_append(v_idle, cardinality(c_ids));
              v_idler := v_idler + 1;
            END IF;
          END IF;
          l_owners := array_append(l_owners, cardinality(c_ids));
        END LOOP;
        l_types := l_types || v_look.types;
        l_last := l_last || array_fill(c_zero, ARRAY[cardinality(v_look.types)]);
        l_open := l_open || array_fill(true, ARRAY[cardinality(v_look.types)]);
      END IF;
      EXIT WHEN c_ids = '{}' AND v_look.ended;
      CONTINUE WHEN c_ids = '{}';

      IF cardinality(v_idle) >= v_want THEN
        v_in := v_idle;
      ELSE
        v_in := order_turns(
          v_rest,
          c_weights,
          c_running,
          c_ahead,
          array(SELECT l.owner FROM unnest(l_owners, l_open) l (owner, open) WHERE l.open)
        );
        EXIT WHEN v_in IS NULL AND v_look.ended;
        CONTINUE WHEN v_in IS NULL;
        IF v_apart > 0 AND (cardinality(v_in) > 1 OR NOT v_look.ended) THEN
          v_idle := '{}';
          FOREACH n IN ARRAY v_in LOOP
            EXIT WHEN cardinality(v_idle) >= v_want;
            CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtext('choose_turns'), uuid_hash(c_ids[n]));
            v_idle := array_append(v_idle, n);
          END LOOP;
          CONTINUE WHEN v_idle = '{}';
          v_in := v_idle;
        END IF;
      END IF;
      c_shares := array_fill(0, ARRAY[cardinality(c_ids)]);
      v_shares := CASE
        WHEN p_runner IS NULL AND cardinality(v_in) >= v_rest THEN array_fill(1, ARRAY[v_rest])
        ELSE share_slots(
          v_rest,
          array(SELECT c_weights[i] FROM unnest(v_in) i),
          array(SELECT c_running[i] FROM unnest(v_in) i)
        )
      END;
      FOR n IN 1..cardinality(v_shares) LOOP
        c_shares[v_in[n]] := v_shares[n];
      END LOOP;

      IF v_limits THEN
        SELECT coalesce(array_agg(m.subject), '{}'), coalesce(array_agg(m.room), '{}')
          INTO m_ids, m_room
          FROM (
            SELECT b.subject, b.room
              FROM lock_limited(
                array(
                  SELECT unnest(l_types || array(SELECT c_ids[i] FROM unnest(v_in) i WHERE c_shares[i] > 0))
                  EXCEPT
                  SELECT unnest(m_ids)
                )
              ) b
            UNION ALL
            SELECT * FROM unnest(m_ids, m_room)
            ORDER BY 1
          ) m;
        FOR n IN 1..cardinality(c_ids) LOOP
          c_shares[n] := greatest(0, least(c_shares[n], m_room[place_in(m_ids, c_ids[n])]));
        END LOOP;
      END IF;

      -- How many jobs of each lane. A customer with one open lane takes its share there.
      l_shares := array_fill(0, ARRAY[cardinality(l_types)]);
      c_lanes := array_fill(0, ARRAY[cardinality(c_ids)]);
      FOR n IN 1..cardinality(l_types) LOOP
        v_owner := l_owners[n];
        CONTINUE WHEN NOT l_open[n] OR c_shares[v_owner] = 0;
        l_shares[n] := greatest(0, least(c_shares[v_owner], m_room[place_in(m_ids, l_types[n])]));
        c_lanes[v_owner] := c_lanes[v_owner] + 1;
      END LOOP;
      IF 1 < ANY (c_lanes) THEN
        FOR v_row IN
          SELECT s.nth, s.found, s.jobs
            FROM share_lanes(
              v_priority,
              p_runner IS NULL,
              array(SELECT c_ids[o] FROM unnest(l_owners) o),
              l_types,
              l_last,
              l_shares,
              array(SELECT CASE WHEN c_lanes[o] > 1 THEN c_shares[o] ELSE 0 END FROM unnest(l_owners) o)
            ) s
        LOOP
          l_shares[v_row.nth] := v_row.jobs;
          l_open[v_row.nth] := v_row.found > 0;
        END LOOP;
      END IF;

      SELECT array_agg(q.job_id), array_agg(q.place), array_agg(l.nth::int)
        INTO f_ids, f_places, f_lanes
        FROM unnest(l_owners, l_types, l_last, l_shares)
               WITH ORDINALITY l (owner, job_type_id, last, share, nth)
       CROSS JOIN LATERAL (
          SELECT q.job_id, q.ctid AS place
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
       WHERE l.share > 0;
      -- For the lists, one job each of customers who use nothing: the lanes are in the order of their turns.
      IF v_ordered AND (p_runner IS NOT NULL OR v_in <> v_idle OR 1 <> ANY (v_shares)) THEN
        v_places := array_fill(0, ARRAY[cardinality(c_ids)]);
        FOR n IN 1..cardinality(v_in) LOOP
          v_places[v_in[n]] := n;
        END LOOP;
        v_sorted := sort_by_turns(
          f_ids,
          array(SELECT v_places[l_owners[f]] FROM unnest(f_lanes) f),
          array(SELECT c_ahead[l_owners[f]] FROM unnest(f_lanes) f),
          array(SELECT c_weights[l_owners[f]] FROM unnest(f_lanes) f)
        );
        f_ids := array(SELECT f_ids[i] FROM unnest(v_sorted) i);
        f_places := array(SELECT f_places[i] FROM unnest(v_sorted) i);
        f_lanes := array(SELECT f_lanes[i] FROM unnest(v_sorted) i);
      END IF;
      IF cardinality(f_ids) >= v_rest AND NOT v_limits THEN
        ids := ids || f_ids;
        places := places || f_places;
        priorities := priorities || array_fill(v_priority, ARRAY[v_rest]);
        weights := weights || CASE
          WHEN 1 = ALL (c_weights) THEN array_fill(1::smallint, ARRAY[v_rest])
          ELSE array(SELECT c_weights[l_owners[f.lane]]::smallint FROM unnest(f_lanes) f (lane))
        END;
        v_rest := 0;
        EXIT;
      END IF;
      FOR n IN 1..coalesce(cardinality(f_ids), 0) LOOP
        v_lane := f_lanes[n];
        v_owner := l_owners[v_lane];
        l_last[v_lane] := greatest(l_last[v_lane], f_ids[n]);
        l_shares[v_lane] := l_shares[v_lane] - 1;
        m_customer := place_in(m_ids, c_ids[v_owner]);
        m_type := place_in(m_ids, l_types[v_lane]);
        CONTINUE WHEN m_room[m_customer] <= 0 OR m_room[m_type] <= 0;
        IF m_customer IS NOT NULL THEN
          m_room[m_customer] := m_room[m_customer] - 1;
        END IF;
        IF m_type IS NOT NULL THEN
          m_room[m_type] := m_room[m_type] - 1;
        END IF;
        ids := array_append(ids, f_ids[n]);
        places := array_append(places, f_places[n]);
        priorities := array_append(priorities, v_priority);
        weights := array_append(weights, c_weights[v_owner]::smallint);
        v_rest := v_rest - 1;
        c_running[v_owner] := c_running[v_owner] + 1;
        c_ahead[v_owner] := c_ahead[v_owner] + 1 / c_weights[v_owner];
      END LOOP;
      EXIT WHEN v_rest <= 0;
      -- What has no more jobs, or is at its limit, takes no part in the next round.
      FOR n IN 1..cardinality(l_types) LOOP
        l_open[n] := l_open[n]
          AND l_shares[n] = 0
          AND coalesce(m_room[place_in(m_ids, c_ids[l_owners[n]])] > 0, true)
          AND coalesce(m_room[place_in(m_ids, l_types[n])] > 0, true);
      END LOOP;
    END LOOP;

    -- What was taken here runs, as far as lower priorities are concerned.
    IF v_rest > 0 AND c_ids <> '{}' AND v_priority <> p_priorities[cardinality(p_priorities)] THEN
      SELECT coalesce(array_agg(x.id), '{}'),
             coalesce(array_agg(x.running), '{}'),
             coalesce(array_agg(x.ahead), '{}')
        INTO u_ids, u_running, u_ahead
        FROM (
          SELECT id, coalesce(c.running, u.running) AS running, coalesce(c.ahead, u.ahead) AS ahead
            FROM (
              SELECT c.id, c.running, c.ahead
                FROM unnest(c_ids, c_running, c_ahead) c (id, running, ahead)
               WHERE c.running <> 0 OR c.ahead <> 0
            ) c
            FULL JOIN unnest(u_ids, u_running, u_ahead) u (id, running, ahead) USING (id)
           ORDER BY id
        ) x;
    END IF;
  END LOOP;
  RETURN NEXT;
END $$;
