-- Does: shows the ledger as double entry: each movement is a wallet's leg, and the leg of the account
--   across from it. Derived, so that there is no platform account to lock.
-- Locks, in order: nothing.
-- Returns: wallet_id, seq, account, currency, amount_cents, kind, job_id?, created_at
-- Raises: nothing.
-- Called by: the view audit.

CREATE OR REPLACE VIEW journal AS
SELECT
  e.wallet_id,
  e.seq,
  leg.account,
  w.currency,
  leg.amount_cents,
  e.kind,
  e.job_id,
  e.created_at
  FROM wallet_entries e
  JOIN wallets w ON w.id = e.wallet_id
 CROSS JOIN LATERAL (
   VALUES
     ('wallet:' || e.wallet_id, e.amount_cents),
     (
       CASE e.kind
         WHEN 'top_up' THEN 'cash'
         WHEN 'chargeback' THEN 'cash'
         WHEN 'charge' THEN 'revenue'
         WHEN 'refund' THEN 'revenue'
         WHEN 'grant' THEN 'promotion'
         WHEN 'adjustment' THEN 'adjustment'
       END,
       -e.amount_cents
     )
 ) leg (account, amount_cents);
