-- Does: posts entries under a key. The reference, which is in the body, already keeps money from moving
--   twice; the key only refuses another body.
-- Locks, in order: the key, then as post_entries.
-- Returns: outcome, wallet_id?, seq?, kind?, amount_cents?, balance_after_cents?, reference?, reason?,
--   actor?, created_at?, current_balance_cents?, pending_charges_cents?, credit_limit_cents?
-- Raises: idempotency_key_reused (unique_violation): the key stands for another request.
-- Called by: src/postgres/hot/entries.ts.

CREATE OR REPLACE FUNCTION post_keyed_entries(
  p_customers  uuid[],
  p_kinds      entry_kind[],
  p_amounts    bigint[],
  p_references text[],
  p_reasons    text[],
  p_freezes    boolean[],
  p_actor      text,
  p_key        uuid,
  p_hash       uuid
)
RETURNS TABLE (
  outcome               text,
  wallet_id             uuid,
  seq                   bigint,
  kind                  entry_kind,
  amount_cents          bigint,
  balance_after_cents   bigint,
  reference             text,
  reason                text,
  actor                 text,
  created_at            timestamptz,
  current_balance_cents bigint,
  pending_charges_cents bigint,
  credit_limit_cents    bigint
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_wallets uuid[];
BEGIN
  PERFORM take_idempotency_key(p_key, p_hash);
  RETURN QUERY
  SELECT * FROM post_entries(p_customers, p_kinds, p_amounts, p_references, p_reasons, p_freezes, p_actor);
  -- Something stands in the ledger under one of these references now, unless all were refused.
  v_wallets := array(SELECT w.id FROM wallets w WHERE w.customer_id = ANY (p_customers));
  UPDATE idempotency_keys i
     SET subjects = v_wallets
   WHERE i.id = p_key
     AND EXISTS (
       SELECT
         FROM unnest(p_customers, p_kinds, p_amounts, p_references)
                r (customer_id, kind, amount_cents, reference)
         JOIN wallets w ON w.customer_id = r.customer_id
         JOIN wallet_entries e
           ON e.wallet_id = w.id
          AND e.reference = r.reference
          AND e.kind = r.kind
          AND e.amount_cents = r.amount_cents
     );
  DELETE FROM idempotency_keys i WHERE i.id = p_key AND i.subjects = '{}';
END $$;
