-- Does: erases a batch of what the platform knows of a customer, and moves the erasure on, all in one
--   transaction. False: it has ended, waits for something, or another process is at it.
-- Locks, in order: the erasure (SKIP LOCKED), then as cancel_jobs; or its ended jobs by id; or its deliveries
--   by id; or its batches by id; or its endpoints by id; or, at the end, the advisory lock of
--   count_ended_jobs (waits: one count at most), then the wallet.
-- Returns: boolean
-- Raises: as cancel_jobs.
-- Called by: src/postgres/repositories/erasures.ts.
--
-- The fence: who stores a job has the number of its transaction before it looks whether the customer is
-- active (submit_jobs). Each transaction that may have seen it active has a smaller number than fence_xid,
-- which is taken after the start was committed. So when none of them is left, no job comes any more.
--
-- What endpoints of the operator were told of the customer stays in their log as a line that says nothing of
-- it. One that was not sent yet has nothing left to tell. All other deliveries go, those for endpoints that
-- were deleted before as well.
--
-- Jobs, ledger entries and their amounts stay, so the audit goes on proving each charge. What a job was
-- given, returned and said goes. The texts of ledger entries stay as well: they are sealed (ADR 34).

CREATE OR REPLACE FUNCTION advance_erasure(p_customer uuid, p_limit int)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  -- Most deliveries are those of others: so many are looked at in place of one.
  c_deliveries constant int := 10;
  v_erasure    erasures;
  v_wallet     wallets;
  v_ids        uuid[];
  v_batches    bigint[];
  n            bigint;
BEGIN
  SELECT *
    INTO v_erasure
    FROM erasures e
   WHERE e.customer_id = p_customer AND e.ended_at IS NULL
     FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  v_erasure.worked_at := clock_timestamp();
  v_erasure.waits_for := NULL;

  IF v_erasure.step = 'fence' THEN
    IF v_erasure.fence_xid IS NULL THEN
      v_erasure.fence_xid := pg_current_xact_id();
    ELSIF pg_snapshot_xmin(pg_current_snapshot()) <= v_erasure.fence_xid THEN
      v_erasure.waits_for := 'transactions';
    ELSE
      v_erasure.step := 'jobs';
    END IF;

  ELSIF v_erasure.step = 'jobs' THEN
    v_ids := open_jobs_of(p_customer, p_limit);
    IF v_ids <> '{}' THEN
      IF v_erasure.cancels_jobs THEN
        SELECT count(*) INTO n FROM cancel_jobs(v_ids, false);
        v_erasure.jobs_cancelled := v_erasure.jobs_cancelled + n;
      ELSE
        v_erasure.waits_for := 'jobs';
      END IF;
    ELSE
      v_ids := array(
        SELECT j.id
          FROM jobs j
         WHERE j.customer_id = p_customer
           AND j.id > coalesce(v_erasure.reached_job_id, '00000000-0000-0000-0000-000000000000')
         ORDER BY j.id
         LIMIT p_limit
      );
      IF v_ids = '{}' THEN
        v_erasure.step := 'actions';
      ELSE
        PERFORM FROM jobs j WHERE j.id = ANY (v_ids) ORDER BY j.id FOR NO KEY UPDATE;
        UPDATE jobs j
           SET input_data = '{}',
               output_data = NULL,
               error = CASE
                 WHEN j.error IS NOT NULL THEN jsonb_build_object('code', 'erased', 'message', 'erased')
               END,
               errors = NULL
         WHERE j.id = ANY (v_ids) AND j.customer_id = p_customer;
        GET DIAGNOSTICS n = ROW_COUNT;
        DELETE FROM job_log l WHERE l.job_id = ANY (v_ids);
        DELETE FROM job_progress p WHERE p.job_id = ANY (v_ids);
        DELETE FROM job_traces t WHERE t.job_id = ANY (v_ids);
        DELETE FROM job_webhooks h WHERE h.job_id = ANY (v_ids);
        DELETE FROM failed_jobs f WHERE f.job_id = ANY (v_ids);
        v_erasure.jobs_erased := v_erasure.jobs_erased + n;
        v_erasure.reached_job_id := v_ids[cardinality(v_ids)];
      END IF;
    END IF;

  ELSIF v_erasure.step = 'actions' THEN
    v_ids := array(
      SELECT a.id
        FROM operator_actions a
       WHERE a.id > coalesce(v_erasure.reached_action_id, '00000000-0000-0000-0000-000000000000')
       ORDER BY a.id
       LIMIT p_limit
    );
    IF v_ids = '{}' THEN
      v_erasure.step := 'deliveries';
    ELSE
      UPDATE operator_actions a
         SET before = NULL, after = NULL
       WHERE a.id = ANY (v_ids)
         AND a.action <> 'eraseCustomer'
         AND (
           (a.target_id = p_customer::text AND num_nonnulls(a.before, a.after) > 0)
           OR strpos(a.before::text, p_customer::text) > 0
           OR strpos(a.after::text, p_customer::text) > 0
         );
      GET DIAGNOSTICS n = ROW_COUNT;
      v_erasure.actions_erased := v_erasure.actions_erased + n;
      v_erasure.reached_action_id := v_ids[cardinality(v_ids)];
    END IF;

  ELSIF v_erasure.step = 'deliveries' THEN
    v_ids := array(
      SELECT d.id
        FROM webhook_deliveries d
       WHERE d.id > coalesce(v_erasure.reached_delivery_id, '00000000-0000-0000-0000-000000000000')
       ORDER BY d.id
       LIMIT c_deliveries * p_limit
    );
    IF v_ids = '{}' THEN
      v_batches := array(
        SELECT b.id
          FROM webhook_endpoints e
          JOIN webhook_batches b ON b.endpoint_id = e.id
         WHERE e.customer_id = p_customer
         ORDER BY b.id
         LIMIT p_limit
           FOR UPDATE OF b
      );
      IF v_batches <> '{}' THEN
        DELETE FROM webhook_batches b WHERE b.id = ANY (v_batches);
      ELSE
        PERFORM FROM webhook_endpoints e WHERE e.customer_id = p_customer ORDER BY e.id FOR UPDATE;
        DELETE FROM webhook_endpoints e WHERE e.customer_id = p_customer;  -- and with them their secrets
        DELETE FROM job_webhook_secrets s WHERE s.customer_id = p_customer;
        v_erasure.step := 'rest';
      END IF;
    ELSE
      v_erasure.reached_delivery_id := v_ids[cardinality(v_ids)];
      v_ids := array(
        SELECT d.id
          FROM webhook_deliveries d
         WHERE d.id = ANY (v_ids) AND d.customer_id = p_customer
         ORDER BY d.id
           FOR UPDATE
      );
      UPDATE webhook_deliveries d
         SET data = NULL, answers = '[]'
        FROM webhook_endpoints e
       WHERE d.id = ANY (v_ids) AND e.id = d.endpoint_id AND e.customer_id IS NULL;
      DELETE FROM webhook_deliveries d
       WHERE d.id = ANY (v_ids)
         AND NOT EXISTS (
           SELECT FROM webhook_endpoints e WHERE e.id = d.endpoint_id AND e.customer_id IS NULL
         );
    END IF;

  ELSE
    -- Whoever counts has read messages of before. What is counted later has none.
    PERFORM pg_advisory_xact_lock(hashtext('count_ended_jobs'));
    DELETE FROM failures f WHERE f.customer_id = p_customer;
    DELETE FROM bulk_actions b WHERE b.owner_id = p_customer;
    UPDATE begun_actions b
       SET before = NULL
     WHERE b.target_id = p_customer::text OR strpos(b.before::text, p_customer::text) > 0;
    DELETE FROM outbox o WHERE o.customer_id = p_customer;
    SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customer FOR NO KEY UPDATE;
    IF v_wallet.current_balance_cents <> 0 AND NOT v_erasure.forfeits THEN
      v_erasure.waits_for := 'balance';
    ELSE
      v_wallet.low_balance_cents := NULL;  -- nobody is left to be told
      IF v_wallet.current_balance_cents <> 0 THEN
        PERFORM append_entry(
          v_wallet,
          'adjustment',
          -v_wallet.current_balance_cents,
          NULL,
          'erasure ' || gen_random_uuid(),  -- a reference that no entry of before has
          'Given up: the customer was erased',
          v_erasure.actor,
          false
        );
      END IF;
      UPDATE wallets w
         SET low_balance_cents = NULL, monthly_spend_limit_cents = NULL, credit_limit_cents = 0
       WHERE w.id = v_wallet.id;
      v_erasure.step := 'done';
      v_erasure.ended_at := now();
    END IF;
  END IF;

  UPDATE erasures e
     SET worked_at = v_erasure.worked_at,
         ended_at = v_erasure.ended_at,
         step = v_erasure.step,
         waits_for = v_erasure.waits_for,
         fence_xid = v_erasure.fence_xid,
         reached_job_id = v_erasure.reached_job_id,
         reached_action_id = v_erasure.reached_action_id,
         reached_delivery_id = v_erasure.reached_delivery_id,
         jobs_cancelled = v_erasure.jobs_cancelled,
         jobs_erased = v_erasure.jobs_erased,
         actions_erased = v_erasure.actions_erased
   WHERE e.customer_id = p_customer;
  RETURN v_erasure.waits_for IS NULL AND v_erasure.ended_at IS NULL;
END $$;
