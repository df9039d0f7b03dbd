-- Does: writes how deliveries were answered, and what that says about their endpoints: pauses those that
--   fail, and disables those that are gone or have failed for p_failing, with the event endpoint.disabled.
--   Arrays of equal length, a delivery an element.
-- Locks, in order: endpoints by id, those alone whose health changes; then deliveries by id.
-- Returns: endpoint_id, disabled_reason
-- Raises: nothing.
-- Called by: src/postgres/repositories/webhook-deliveries.ts.
--
-- The fence is (id, status = 'pending', claims): who lost its claim writes nothing. Returns the endpoints
-- that were disabled.
-- outcome delivered | failed: it has ended. retry: due again after p_delays_ms. released: it was not sent,
-- and is due at once.
-- health good | bad | gone; null where it says nothing. p_pauses_ms: how long the endpoint asked to be left
-- alone.
-- A one-off endpoint is never disabled, as each of its jobs has an address of its own: gone ends one delivery
-- and says nothing about the others. When nothing could be delivered for p_failing, what has waited for so
-- long ends, c_ended at a time, and the others go on being tried.
-- After c_failures in a row it is paused for a minute, and for twice as long, up to an hour, after each probe
-- that fails.

CREATE OR REPLACE FUNCTION settle_webhooks(
  p_ids       uuid[],
  p_endpoints uuid[],
  p_claims    int[],
  p_outcomes  text[],
  p_delays_ms bigint[],
  p_answers   jsonb[],
  p_healths   text[],
  p_pauses_ms bigint[],
  p_failing   interval
)
RETURNS TABLE (
  endpoint_id     uuid,
  disabled_reason text
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  c_failures constant int := 5;
  c_answers  constant int := 10;
  c_ended    constant int := 1000;
  v_health   record;
  v_endpoint webhook_endpoints;
BEGIN
  PERFORM
     FROM webhook_endpoints e
    WHERE e.id = ANY (p_endpoints)
      AND (
        e.failures > 0
        OR e.delivered_at IS NULL
        OR e.delivered_at < now() - interval '1 minute'
        OR e.id IN (
          SELECT d.id FROM unnest(p_endpoints, p_healths) d (id, health) WHERE d.health IN ('bad', 'gone')
        )
      )
    ORDER BY e.id
      FOR NO KEY UPDATE;
  PERFORM FROM webhook_deliveries w WHERE w.id = ANY (p_ids) ORDER BY w.id FOR UPDATE;

  FOR v_health IN
    WITH settled AS (
      UPDATE webhook_deliveries w
         SET status = CASE WHEN d.outcome IN ('delivered', 'failed') THEN d.outcome ELSE 'pending' END,
             tries = w.tries + CASE WHEN d.outcome = 'released' THEN 0 ELSE 1 END,
             due_at = CASE
               WHEN d.outcome IN ('retry', 'released')
               THEN clock_timestamp() + coalesce(d.delay_ms, 0) * interval '1 millisecond'
               ELSE w.due_at
             END,
             ended_at = CASE WHEN d.outcome IN ('delivered', 'failed') THEN clock_timestamp() END,
             answers = CASE
               WHEN d.answer IS NULL THEN w.answers
               WHEN jsonb_array_length(w.answers) >= c_answers THEN (w.answers - 0) || d.answer
               ELSE w.answers || d.answer
             END
        FROM unnest(p_ids, p_endpoints, p_claims, p_outcomes, p_delays_ms, p_answers, p_healths, p_pauses_ms)
               d (id, endpoint, claim, outcome, delay_ms, answer, health, pause_ms)
       WHERE w.id = ANY (p_ids) AND w.id = d.id AND w.status = 'pending' AND w.claims = d.claim
      RETURNING w.id, w.endpoint_id AS endpoint, d.health, d.pause_ms
    )
    SELECT
      s.endpoint,
      array_agg(s.id) AS ids,
      count(*) FILTER (WHERE s.health = 'good') AS good,
      count(*) FILTER (WHERE s.health IN ('bad', 'gone')) AS bad,
      count(*) FILTER (WHERE s.health = 'gone') AS gone,
      max(s.pause_ms) AS pause_ms
      FROM settled s
     GROUP BY s.endpoint
     ORDER BY s.endpoint
  LOOP
    SELECT * INTO v_endpoint FROM webhook_endpoints e WHERE e.id = v_health.endpoint;
    IF v_endpoint.kind = 'one_off' AND v_health.gone > 0 THEN
      v_health.bad := v_health.bad - v_health.gone;
      -- The origin answers. So the next one is tried now.
      UPDATE webhook_endpoints e
         SET paused_until = clock_timestamp()
       WHERE e.id = v_health.endpoint AND e.probe_id = ANY (v_health.ids);
    END IF;
    IF v_health.good > 0 THEN
      UPDATE webhook_endpoints e
         SET failures = 0,
             failing_since = NULL,
             paused_until = NULL,
             pauses = 0,
             probe_id = NULL,
             delivered_at = clock_timestamp()
       WHERE e.id = v_health.endpoint
         AND (e.failures > 0 OR e.delivered_at IS NULL OR e.delivered_at < now() - interval '1 minute');
    ELSIF v_health.bad > 0 THEN
      UPDATE webhook_endpoints e
         SET failures = e.failures + v_health.bad,
             failing_since = coalesce(e.failing_since, clock_timestamp())
       WHERE e.id = v_health.endpoint;
      -- While it is paused, only the probe makes the pause longer: what was under way says nothing new.
      UPDATE webhook_endpoints e
         SET paused_until = clock_timestamp() + least(interval '1 hour', interval '1 minute' * 2 ^ e.pauses),
             pauses = least(e.pauses + 1, 10),
             probe_id = NULL
       WHERE e.id = v_health.endpoint
         AND e.failures >= c_failures
         AND (
           e.paused_until IS NULL
           OR e.paused_until <= clock_timestamp()
           OR e.probe_id = ANY (v_health.ids)
         );
    END IF;
    IF v_health.pause_ms > 0 THEN
      UPDATE webhook_endpoints e
         SET paused_until = greatest(
               e.paused_until,
               clock_timestamp() + v_health.pause_ms * interval '1 millisecond'
             )
       WHERE e.id = v_health.endpoint;
    END IF;
    IF v_endpoint.kind = 'one_off' THEN
      IF v_health.bad > 0 AND v_endpoint.failing_since <= clock_timestamp() - p_failing THEN
        UPDATE webhook_deliveries w
           SET status = 'failed',
               ended_at = clock_timestamp(),
               answers = CASE
                 WHEN jsonb_array_length(w.answers) >= c_answers THEN w.answers - 0
                 ELSE w.answers
               END || jsonb_build_object(
                 'at', utc_text(clock_timestamp()),
                 'took_ms', 0,
                 'status', NULL,
                 'error', 'given up: nothing could be delivered to this origin for five days',
                 'headers', '{}'::jsonb,
                 'body', ''
               )
         WHERE w.id = ANY (array(
                 SELECT d.id
                   FROM webhook_deliveries d
                  WHERE d.endpoint_id = v_health.endpoint
                    AND d.status = 'pending'
                    AND NOT d.is_manual
                    AND d.created_at <= clock_timestamp() - p_failing
                  LIMIT c_ended
                    FOR UPDATE SKIP LOCKED
               ));
      END IF;
    ELSIF v_health.bad > 0 THEN
      UPDATE webhook_endpoints e
         SET disabled_at = clock_timestamp(),
             disabled_reason = CASE WHEN v_health.gone > 0 THEN 'gone' ELSE 'failing' END
       WHERE e.id = v_health.endpoint
         AND e.disabled_at IS NULL
         AND (
           v_health.gone > 0
           OR (e.failures >= c_failures AND e.failing_since <= clock_timestamp() - p_failing)
         )
      RETURNING * INTO v_endpoint;
      IF FOUND THEN
        PERFORM add_event(
          'endpoint.disabled',
          v_endpoint.customer_id,
          jsonb_build_object(
            'id', v_endpoint.id,
            'customer_id', v_endpoint.customer_id,
            'url', v_endpoint.url,
            'disabled_at', utc_text(v_endpoint.disabled_at),
            'disabled_reason', v_endpoint.disabled_reason,
            'failing_since', utc_text(v_endpoint.failing_since)
          )
        );
        endpoint_id := v_endpoint.id;
        disabled_reason := v_endpoint.disabled_reason;
        RETURN NEXT;
      END IF;
    END IF;
  END LOOP;
END $$;
