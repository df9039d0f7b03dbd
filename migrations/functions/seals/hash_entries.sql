-- Does: computes the hash of a wallet's entries p_first to p_last, chained to the hash of the link before.
-- Locks, in order: nothing.
-- Returns: bytea
-- Raises: nothing.
-- Called by: seal_wallets, the view broken_seals.
--
-- Every column of an entry counts: to change one is to break the chain.

CREATE OR REPLACE FUNCTION hash_entries(
  p_wallet      uuid,
  p_first       bigint,
  p_last        bigint,
  p_link_before bytea
)
RETURNS bytea
LANGUAGE sql
STABLE
AS $$
  SELECT sha256(coalesce(p_link_before, '') || convert_to(coalesce(string_agg(
           jsonb_build_array(
             e.wallet_id,
             e.seq,
             e.kind,
             e.amount_cents,
             e.balance_after_cents,
             e.job_id,
             e.reference,
             e.reason,
             e.actor,
             (extract(epoch FROM e.created_at) * 1000000)::bigint
           )::text,
           E'\n' ORDER BY e.seq
         ), ''), 'UTF8'))
    FROM wallet_entries e
   WHERE e.wallet_id = p_wallet AND e.seq BETWEEN p_first AND p_last
$$;
