-- Does: claims deliveries that are due, endpoint by endpoint: up to p_max, and of one endpoint up to its
--   room. What is claimed is due again after p_lease, unless it is settled before.
-- Locks, in order: the endpoint of a probe (FOR NO KEY UPDATE, skips), then its batches, then its deliveries
--   (FOR UPDATE, skips).
-- Returns: claimed, next_cursor?
-- Raises: nothing.
-- Called by: src/postgres/repositories/webhook-deliveries.ts.
--
-- It hops along webhook_deliveries_pending and webhook_batches_by_endpoint from endpoint to endpoint, past
-- those that are disabled, paused or without room, so a backlog of one costs the others one hop. It starts
-- after the endpoint p_after and looks at c_endpoints: next_cursor is where the next call goes on, null at
-- the end. Where fewer deliveries are due than the endpoint has room for, more are made of its batches,
-- and no more than these. p_known and p_rooms: the rooms that the caller knows; p_room: that of all other
-- endpoints. p_only: only this endpoint, which may be a listener. An endpoint that failed too often in a
-- row (c_failures) gets one delivery, the probe, when its pause is over. What is sent by hand goes to a
-- disabled or paused one, too, one at a time, and to one that waits for a probe when nothing else is due.
-- claimed: a JSON array of id, endpoint_id, url, payload, secrets, claim, tries, is_manual, type, job_id,
-- data, created_at.

CREATE OR REPLACE FUNCTION claim_webhooks(
  p_after uuid,
  p_only  uuid,
  p_max   int,
  p_room  int,
  p_known uuid[],
  p_rooms int[],
  p_lease interval
)
RETURNS TABLE (
  claimed     jsonb,
  next_cursor uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off  -- so that only the partial indexes serve, whatever the statistics say
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_incremental_sort = off
AS $$
DECLARE
  c_endpoints constant int := 256;
  c_failures  constant int := 5;
  v_at        uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
  v_endpoint  webhook_endpoints;
  v_room      int;
  v_probes    boolean;
  v_by_hand   boolean;
  v_left      int := p_max;
  v_wanted    int;
  v_ids       uuid[];
  v_all       uuid[] := '{}';
BEGIN
  FOR n IN 1..c_endpoints LOOP
    EXIT WHEN v_left <= 0;
    next_cursor := least(
      (
        SELECT d.endpoint_id
          FROM webhook_deliveries d
         WHERE d.status = 'pending' AND d.endpoint_id > v_at AND (p_only IS NULL OR d.endpoint_id = p_only)
         ORDER BY d.endpoint_id, d.due_at
         LIMIT 1
      ),
      (
        SELECT b.endpoint_id
          FROM webhook_batches b
         WHERE b.endpoint_id > v_at AND (p_only IS NULL OR b.endpoint_id = p_only)
         ORDER BY b.endpoint_id, b.id
         LIMIT 1
      )
    );
    EXIT WHEN next_cursor IS NULL;
    v_at := next_cursor;
    SELECT * INTO v_endpoint FROM webhook_endpoints e WHERE e.id = v_at;
    IF NOT FOUND THEN
      -- It was deleted, and these with it.
      DELETE FROM webhook_deliveries d
       WHERE d.id = ANY (array(
               SELECT p.id
                 FROM webhook_deliveries p
                WHERE p.endpoint_id = v_at AND p.status = 'pending'
                LIMIT 1000
                  FOR UPDATE SKIP LOCKED
             ));
      DELETE FROM webhook_batches b
       WHERE b.id = ANY (array(
               SELECT w.id
                 FROM webhook_batches w
                WHERE w.endpoint_id = v_at
                ORDER BY w.id
                LIMIT 1000
                  FOR UPDATE SKIP LOCKED
             ));
      CONTINUE;
    END IF;
    CONTINUE WHEN v_endpoint.listened_at IS NOT NULL AND p_only IS NULL;
    v_room := coalesce(
      (SELECT k.room FROM unnest(p_known, p_rooms) k (id, room) WHERE k.id = v_at),
      p_room
    );
    v_probes := false;
    v_by_hand := v_endpoint.disabled_at IS NOT NULL
      OR coalesce(v_endpoint.paused_until > clock_timestamp(), false);
    IF NOT v_by_hand THEN
      IF v_endpoint.failures >= c_failures THEN
        -- Only who gets the lock, and finds the pause still over, may try.
        PERFORM
           FROM webhook_endpoints e
          WHERE e.id = v_at
            AND (e.paused_until IS NULL OR e.paused_until <= clock_timestamp())
            FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        v_probes := true;
        v_room := least(v_room, 1);
      END IF;
      v_wanted := least(v_room, v_left);
      FOR look IN 1..2 LOOP
        v_ids := array(
          SELECT d.id
            FROM webhook_deliveries d
           WHERE d.endpoint_id = v_at
             AND d.status = 'pending'
             AND d.due_at <= clock_timestamp()
             -- What is sent by hand says nothing about the endpoint, so it is no probe.
             AND NOT (v_probes AND d.is_manual)
             AND (
               d.after_id IS NULL
               OR NOT EXISTS (
                 SELECT FROM webhook_deliveries b WHERE b.id = d.after_id AND b.status = 'pending'
               )
             )
           ORDER BY d.due_at
           LIMIT v_wanted
             FOR UPDATE OF d SKIP LOCKED
        );
        EXIT WHEN look = 2 OR cardinality(v_ids) >= v_wanted;
        EXIT WHEN spread_webhooks(v_at, v_endpoint.customer_id, v_wanted - cardinality(v_ids)) = 0;
      END LOOP;
      IF v_probes AND v_ids = '{}' THEN
        v_probes := false;
        v_by_hand := true;
      END IF;
    END IF;
    IF v_by_hand THEN
      -- Only what somebody asked for, one after the other.
      v_ids := array(
        SELECT d.id
          FROM webhook_deliveries d
         WHERE d.endpoint_id = v_at
           AND d.status = 'pending'
           AND d.is_manual
           AND d.due_at <= clock_timestamp()
         ORDER BY d.created_at
         LIMIT least(v_room, 1)
           FOR UPDATE SKIP LOCKED
      );
    END IF;
    CONTINUE WHEN v_ids = '{}';
    IF v_probes THEN
      UPDATE webhook_endpoints e
         SET paused_until = clock_timestamp() + p_lease,
             probe_id = v_ids[1]
       WHERE e.id = v_at;
    END IF;
    UPDATE webhook_deliveries d
       SET due_at = clock_timestamp() + p_lease,
           claims = d.claims + 1
     WHERE d.id = ANY (v_ids);
    v_all := v_all || v_ids;
    v_left := v_left - cardinality(v_ids);
  END LOOP;
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'id', d.id,
           'endpoint_id', d.endpoint_id,
           'url', coalesce(d.url, e.url),
           'payload', e.payload,
           'secrets', (
             SELECT jsonb_agg(s.secret ORDER BY s.created_at DESC)
               FROM (
                 SELECT o.secret, o.created_at, o.expires_at
                   FROM webhook_secrets o
                  WHERE o.endpoint_id = e.id
                 UNION ALL
                 SELECT o.secret, o.created_at, o.expires_at
                   FROM job_webhook_secrets o
                  WHERE e.kind = 'one_off' AND o.customer_id = e.customer_id
               ) s
              WHERE s.expires_at IS NULL OR s.expires_at > clock_timestamp()
           ),
           'claim', d.claims,
           'tries', d.tries,
           'is_manual', d.is_manual,
           'type', d.type,
           'job_id', d.job_id,
           'data', d.data,
           'created_at', d.created_at
         ) ORDER BY d.id), '[]')
    INTO claimed
    FROM webhook_deliveries d
    JOIN webhook_endpoints e ON e.id = d.endpoint_id
   WHERE d.id = ANY (v_all);
  RETURN NEXT;
END $$;
