-- Does: quotes a job of a customer: what it would cost and hold, or why it would be refused, and what the
--   wallet has.
-- Locks, in order: nothing. submit_jobs locks the wallet before it calls this.
-- Returns: job_id?, refusal?, estimated_cost_cents?, max_attempts?, created_at?, run_at?, due?,
--   current_balance_cents?, pending_charges_cents?, credit_limit_cents?, monthly_spend_limit_cents?,
--   month_spent_cents?, replay_of?, price_currency?, wallet_currency?, waiting_limit?, waiting_jobs?
-- Raises: nothing.
-- Called by: submit_jobs, src/postgres/repositories/prices.ts.
--
-- refusal: unknown_customer | customer_inactive | unknown_job_type | job_type_disabled | currency_mismatch,
-- or as hold_refusal. The first that applies, in this order. Up to currency_mismatch, the cost and the
-- columns of the wallet are null too. The two currencies are set for currency_mismatch alone. job_id,
-- created_at, run_at, due, replay_of and waiting_jobs are always null: submit_jobs counts what waits.

CREATE OR REPLACE FUNCTION quote_job(p_customer uuid, p_type uuid)
RETURNS submitted_job
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  v_active        boolean;
  v_waiting_limit integer;
  v_type          job_types;
  v_wallet        wallets;
  v_own           bigint;
  v_quote         submitted_job;
BEGIN
  SELECT c.active, c.waiting_limit
    INTO v_active, v_waiting_limit
    FROM customers c
   WHERE c.id = p_customer;
  SELECT * INTO v_type FROM job_types t WHERE t.id = p_type;
  SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customer;
  IF v_wallet.id IS NULL THEN
    v_quote.refusal := 'unknown_customer';
  ELSIF NOT v_active THEN
    v_quote.refusal := 'customer_inactive';
  ELSIF v_type.id IS NULL THEN
    v_quote.refusal := 'unknown_job_type';
  ELSIF NOT v_type.enabled THEN
    v_quote.refusal := 'job_type_disabled';
  ELSE
    SELECT o.cost_cents
      INTO v_own
      FROM customer_prices o
     WHERE o.customer_id = p_customer AND o.job_type_id = p_type;
    IF v_own IS NULL AND NOT is_priced_in(v_type, v_wallet.currency) THEN
      v_quote.refusal := 'currency_mismatch';
      v_quote.price_currency := v_type.currency;
      v_quote.wallet_currency := v_wallet.currency;
      RETURN v_quote;
    END IF;
    v_quote.estimated_cost_cents := coalesce(v_own, v_type.standard_cost_cents);
    v_quote.max_attempts := v_type.max_attempts;
    v_quote.current_balance_cents := v_wallet.current_balance_cents;
    v_quote.pending_charges_cents := v_wallet.pending_charges_cents;
    v_quote.credit_limit_cents := v_wallet.credit_limit_cents;
    v_quote.monthly_spend_limit_cents := v_wallet.monthly_spend_limit_cents;
    v_quote.month_spent_cents := spent_this_month(v_wallet);
    v_quote.waiting_limit := v_waiting_limit;
    v_quote.refusal := hold_refusal(v_wallet, v_quote.estimated_cost_cents);
  END IF;
  RETURN v_quote;
END $$;
