-- What a client's Idempotency-Key stands for. Written in the transaction of the effect; a request that made nothing leaves no row.
CREATE TABLE idempotency_keys (
  -- Digest of whose key it is, and the key.
  id           uuid PRIMARY KEY,
  -- Digest of the method, the path and the canonical body: another request under the same key is refused.
  request_hash uuid NOT NULL,
  -- What was made: one id, or for a batch of jobs one a job, null where that one was refused.
  subjects     uuid[] NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now()
);
-- Serves pruning: rows stand on disk in the order in which they came, so this costs an insert next to nothing.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at) WITH (pages_per_range = 16, autosummarize = on);

-- PRUNE: keys of more than p_days, a batch; answers how many. The SET list leaves only the BRIN index: with nothing old, a scan would read all of the table.
CREATE FUNCTION prune_idempotency_keys(p_days int, p_limit int) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
  v_old uuid[] := array(SELECT i.id FROM idempotency_keys i WHERE i.created_at < now() - make_interval(days => p_days) LIMIT p_limit FOR UPDATE SKIP LOCKED);
BEGIN
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_old);
  RETURN cardinality(v_old);
END $$;

-- Takes a key for the rest of the transaction: a concurrent twin waits here for our commit, and then finds what we made. Answers the subjects so far.
CREATE FUNCTION take_idempotency_key(p_id uuid, p_hash uuid) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  v_key idempotency_keys;
BEGIN
  LOOP
    INSERT INTO idempotency_keys (id, request_hash) VALUES (p_id, p_hash) ON CONFLICT (id) DO NOTHING;
    SELECT * INTO v_key FROM idempotency_keys i WHERE i.id = p_id FOR UPDATE;
    EXIT WHEN FOUND;  -- else it was pruned, or given up by a twin whose request was refused, in between
  END LOOP;
  IF v_key.request_hash <> p_hash THEN
    RAISE EXCEPTION 'the idempotency key stands for another request' USING ERRCODE = 'unique_violation', CONSTRAINT = 'idempotency_key_reused';
  END IF;
  RETURN v_key.subjects;
END $$;

-- A customer and its empty wallet, once under a key. Answers the id that is stored: another one than asked for means made before.
CREATE FUNCTION create_customer(p_id uuid, p_name text, p_email text, p_wallet uuid, p_currency text, p_key uuid, p_hash uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  v_made uuid[] := CASE WHEN p_key IS NOT NULL THEN take_idempotency_key(p_key, p_hash) END;
BEGIN
  IF v_made[1] IS NOT NULL THEN RETURN v_made[1]; END IF;
  INSERT INTO customers (id, name, email) VALUES (p_id, p_name, p_email);
  INSERT INTO wallets (id, customer_id, currency) VALUES (p_wallet, p_id, p_currency);
  UPDATE idempotency_keys i SET subjects = ARRAY[p_id] WHERE i.id = p_key;
  RETURN p_id;
END $$;

-- POST ENTRIES under a key. The reference, which is in the body, already keeps money from moving twice; the key only refuses another body.
CREATE FUNCTION post_keyed_entries(p_customers uuid[], p_kinds entry_kind[], p_amounts bigint[], p_references text[], p_reasons text[], p_freezes boolean[], p_actor text, p_key uuid, p_hash uuid)
RETURNS TABLE (outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text,
               created_at timestamptz, current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_wallets uuid[];
BEGIN
  PERFORM take_idempotency_key(p_key, p_hash);
  RETURN QUERY SELECT * FROM post_entries(p_customers, p_kinds, p_amounts, p_references, p_reasons, p_freezes, p_actor);
  -- Something stands in the ledger under one of these references now, unless all were refused.
  v_wallets := array(SELECT w.id FROM wallets w WHERE w.customer_id = ANY (p_customers));
  UPDATE idempotency_keys i SET subjects = v_wallets WHERE i.id = p_key
     AND EXISTS (SELECT FROM unnest(p_customers, p_kinds, p_amounts, p_references) r (customer_id, kind, amount_cents, reference)
                   JOIN wallets w ON w.customer_id = r.customer_id
                   JOIN wallet_entries e ON e.wallet_id = w.id AND e.reference = r.reference AND e.kind = r.kind AND e.amount_cents = r.amount_cents);
  DELETE FROM idempotency_keys i WHERE i.id = p_key AND i.subjects = '{}';
END $$;

-- SUBMIT a batch of which some jobs stand under keys: submit_jobs for those that nobody has made yet. replay_of: the job that was made before, to be answered
-- instead. refusal idempotency_key_reused: the key stands for another request. refusal twin_refused: the same item stands earlier in this very batch, and was refused.
-- p_keys, p_hashes: null where a job has no key. p_items: its place in the request, from 0.
-- Locks: the keys by id, before any wallet: twins wait for each other here, and then find what was made.
CREATE FUNCTION submit_keyed_jobs(
  p_ids uuid[], p_customers uuid[], p_types uuid[], p_priorities smallint[], p_inputs jsonb[],
  p_run_at timestamptz[], p_max_attempts smallint[], p_retry_of uuid[], p_room boolean[], p_keys uuid[], p_hashes uuid[], p_items int[])
RETURNS TABLE (
  job_id uuid, refusal text, estimated_cost_cents bigint, max_attempts smallint, created_at timestamptz, run_at timestamptz, due boolean,
  current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint, monthly_spend_limit_cents bigint, month_spent_cents bigint, replay_of uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  v_keys    uuid[] := array(SELECT DISTINCT k FROM unnest(p_keys) k WHERE k IS NOT NULL);
  v_fresh   int[];   -- places in the batch
  v_reused  int[];
  v_other   int[];
  v_fresh_ids uuid[];
  v_stored  uuid[];
  v_locked  int;
BEGIN
  INSERT INTO idempotency_keys (id, request_hash)
  SELECT DISTINCT ON (k.id) k.id, k.hash FROM unnest(p_keys, p_hashes) WITH ORDINALITY k (id, hash, n) WHERE k.id IS NOT NULL ORDER BY k.id, k.n ON CONFLICT (id) DO NOTHING;
  PERFORM FROM idempotency_keys i WHERE i.id = ANY (v_keys) ORDER BY i.id FOR UPDATE;
  GET DIAGNOSTICS v_locked = ROW_COUNT;
  IF v_locked < cardinality(v_keys) THEN  -- pruned in between: the caller starts again
    RAISE EXCEPTION 'an idempotency key went while it was taken' USING ERRCODE = 'serialization_failure';
  END IF;

  SELECT array_agg(q.n ORDER BY q.n) FILTER (WHERE q.verdict = 'fresh'), array_agg(q.n) FILTER (WHERE q.verdict = 'reused'), array_agg(q.n) FILTER (WHERE q.verdict = 'made')
    INTO v_fresh, v_reused, v_other
    FROM (SELECT r.n, CASE WHEN r.key IS NULL THEN 'fresh' WHEN i.request_hash <> r.hash THEN 'reused'
                           WHEN i.subjects[r.item + 1] IS NOT NULL OR r.nth > 1 THEN 'made' ELSE 'fresh' END AS verdict
            FROM (SELECT k.key, k.hash, k.item, k.n, row_number() OVER (PARTITION BY k.key, k.hash, k.item ORDER BY k.n) AS nth
                    FROM unnest(p_keys, p_hashes, p_items) WITH ORDINALITY k (key, hash, item, n)) r
            LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key) q;

  IF v_fresh IS NOT NULL THEN
    v_fresh_ids := array(SELECT p_ids[n] FROM unnest(v_fresh) n);
    RETURN QUERY SELECT s.*, NULL::uuid FROM submit_jobs(
      v_fresh_ids, array(SELECT p_customers[n] FROM unnest(v_fresh) n), array(SELECT p_types[n] FROM unnest(v_fresh) n),
      array(SELECT p_priorities[n] FROM unnest(v_fresh) n), array(SELECT p_inputs[n] FROM unnest(v_fresh) n), array(SELECT p_run_at[n] FROM unnest(v_fresh) n),
      array(SELECT p_max_attempts[n] FROM unnest(v_fresh) n), array(SELECT p_retry_of[n] FROM unnest(v_fresh) n), p_room) s;
    v_stored := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_fresh_ids));
    UPDATE idempotency_keys i SET subjects = (
        SELECT array_agg(coalesce(i.subjects[place], made.job) ORDER BY place)
          FROM generate_series(1, greatest(cardinality(i.subjects), m.last + 1)) place LEFT JOIN unnest(m.items, m.jobs) made (item, job) ON made.item + 1 = place)
      FROM (SELECT k.key, array_agg(k.item) AS items, array_agg(k.job) AS jobs, max(k.item) AS last
              FROM unnest(p_keys, p_items, p_ids) k (key, item, job) WHERE k.job = ANY (v_stored) GROUP BY 1) m
     WHERE i.id = ANY (v_keys) AND i.id = m.key;
  END IF;
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_keys) AND i.subjects = '{}';

  IF v_reused IS NOT NULL THEN
    RETURN QUERY SELECT p_ids[n], 'idempotency_key_reused', NULL::bigint, NULL::smallint, NULL::timestamptz, NULL::timestamptz, NULL::boolean,
                        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::uuid FROM unnest(v_reused) n;
  END IF;
  IF v_other IS NOT NULL THEN
    RETURN QUERY SELECT p_ids[r.n], CASE WHEN i.subjects[r.item + 1] IS NULL THEN 'twin_refused' END, NULL::bigint, NULL::smallint, NULL::timestamptz, NULL::timestamptz, false,
                        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, i.subjects[r.item + 1]
                   FROM (SELECT n, p_keys[n] AS key, p_items[n] AS item FROM unnest(v_other) n) r LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key;
  END IF;
END $$;
