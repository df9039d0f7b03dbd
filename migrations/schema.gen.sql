-- Written by `npm run generate` from what migrations/ makes. Nothing runs it.

-- enum attempt_outcome
CREATE TYPE attempt_outcome AS ENUM ('succeeded', 'failed', 'cancelled', 'retry', 'released');

-- enum entry_kind
CREATE TYPE entry_kind AS ENUM ('top_up', 'charge', 'refund', 'adjustment', 'grant', 'chargeback');

-- enum job_status
CREATE TYPE job_status AS ENUM ('pending', 'running', 'succeeded', 'failed', 'cancelled');

-- row type claimed_job
CREATE TYPE claimed_job AS (
  id uuid,
  customer_id uuid,
  job_type_id uuid,
  priority smallint,
  input_data jsonb,
  estimated_cost_cents bigint,
  attempt integer,
  max_attempts smallint,
  excused_attempts smallint
);

-- row type submitted_job
CREATE TYPE submitted_job AS (
  job_id uuid,
  refusal text,
  estimated_cost_cents bigint,
  max_attempts smallint,
  created_at timestamp with time zone,
  run_at timestamp with time zone,
  due boolean,
  current_balance_cents bigint,
  pending_charges_cents bigint,
  credit_limit_cents bigint,
  monthly_spend_limit_cents bigint,
  month_spent_cents bigint,
  replay_of uuid
);

-- table api_keys
CREATE TABLE api_keys (
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  name text,
  prefix text NOT NULL,
  key_hash text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers(id),
  CONSTRAINT api_keys_key_hash_check CHECK ((key_hash ~ '^sha256:[0-9a-f]{64}$'::text)),
  CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
CREATE INDEX api_keys_by_customer ON public.api_keys USING btree (customer_id, id);

-- table cancellations
CREATE TABLE cancellations (
  runner_id uuid NOT NULL,
  job_id uuid NOT NULL,
  CONSTRAINT cancellations_pkey PRIMARY KEY (runner_id, job_id)
);

-- table customer_prices
CREATE TABLE customer_prices (
  customer_id uuid NOT NULL,
  job_type_id uuid NOT NULL,
  cost_cents bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT customer_prices_pkey PRIMARY KEY (customer_id, job_type_id),
  CONSTRAINT customer_prices_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers(id),
  CONSTRAINT customer_prices_job_type_id_fkey FOREIGN KEY (job_type_id) REFERENCES job_types(id),
  CONSTRAINT customer_prices_cost_cents_check CHECK (((cost_cents >= 0) AND (cost_cents <= '1000000000000'::bigint)))
);
CREATE TRIGGER customer_prices_changed AFTER UPDATE ON public.customer_prices FOR EACH ROW WHEN ((old.cost_cents <> new.cost_cents)) EXECUTE FUNCTION note_customer_price();
CREATE TRIGGER customer_prices_made AFTER INSERT OR DELETE ON public.customer_prices FOR EACH ROW EXECUTE FUNCTION note_customer_price();

-- table customers
CREATE TABLE customers (
  id uuid NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  api_key text,
  active boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT customers_api_key_key UNIQUE (api_key),
  CONSTRAINT customers_pkey PRIMARY KEY (id),
  CONSTRAINT customers_api_key_check CHECK ((api_key ~ '^sha256:[0-9a-f]{64}$'::text)),
  CONSTRAINT customers_email_check CHECK (((length(email) >= 3) AND (length(email) <= 320))),
  CONSTRAINT customers_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

-- table idempotency_keys
CREATE TABLE idempotency_keys (
  id uuid NOT NULL,
  request_hash uuid NOT NULL,
  subjects uuid[] NOT NULL DEFAULT '{}'::uuid[],
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (id)
);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING brin (created_at) WITH (pages_per_range='16', autosummarize='on');

-- table job_parked
CREATE TABLE job_parked (
  job_id uuid NOT NULL,
  priority smallint NOT NULL,
  customer_id uuid NOT NULL,
  job_type_id uuid NOT NULL,
  CONSTRAINT job_parked_pkey PRIMARY KEY (job_id)
);
CREATE INDEX job_parked_by_type ON public.job_parked USING btree (job_type_id);

-- table job_queue
CREATE TABLE job_queue (
  priority smallint NOT NULL,
  job_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  enqueued_at timestamp with time zone,
  waits_since timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT job_queue_pkey PRIMARY KEY (priority, job_id)
) WITH (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX job_queue_backlog ON public.job_queue USING btree (priority, customer_id, job_id) WHERE (enqueued_at IS NULL);
CREATE INDEX job_queue_stamped ON public.job_queue USING btree (priority, enqueued_at) WHERE (enqueued_at IS NOT NULL);

-- table job_schedule
CREATE TABLE job_schedule (
  job_id uuid NOT NULL,
  priority smallint NOT NULL,
  customer_id uuid NOT NULL,
  run_at timestamp with time zone NOT NULL,
  CONSTRAINT job_schedule_pkey PRIMARY KEY (job_id)
);
CREATE INDEX job_schedule_due ON public.job_schedule USING btree (run_at);

-- table job_types
CREATE TABLE job_types (
  id uuid NOT NULL,
  name text NOT NULL,
  processing_logic_id text NOT NULL,
  standard_cost_cents bigint NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  max_attempts smallint NOT NULL DEFAULT 3,
  timeout_seconds integer NOT NULL DEFAULT 300,
  input_schema jsonb,
  paused_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT job_types_name_taken UNIQUE (name),
  CONSTRAINT job_types_pkey PRIMARY KEY (id),
  CONSTRAINT job_types_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
  CONSTRAINT job_types_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT job_types_processing_logic_id_check CHECK (((length(processing_logic_id) >= 1) AND (length(processing_logic_id) <= 100))),
  CONSTRAINT job_types_standard_cost_cents_check CHECK ((standard_cost_cents >= 0)),
  CONSTRAINT job_types_timeout_seconds_check CHECK (((timeout_seconds >= 1) AND (timeout_seconds <= 86400)))
);
CREATE INDEX job_types_paused ON public.job_types USING btree (id) WHERE (paused_at IS NOT NULL);
CREATE TRIGGER job_types_price_changed AFTER UPDATE ON public.job_types FOR EACH ROW WHEN ((old.standard_cost_cents <> new.standard_cost_cents)) EXECUTE FUNCTION note_standard_cost();
CREATE TRIGGER job_types_price_made AFTER INSERT ON public.job_types FOR EACH ROW EXECUTE FUNCTION note_standard_cost();

-- table jobs
CREATE TABLE jobs (
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  job_type_id uuid NOT NULL,
  status job_status NOT NULL DEFAULT 'pending'::job_status,
  priority smallint NOT NULL,
  input_data jsonb NOT NULL,
  output_data jsonb,
  estimated_cost_cents bigint NOT NULL,
  cost_cents bigint,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  run_at timestamp with time zone NOT NULL DEFAULT now(),
  attempt integer NOT NULL DEFAULT 0,
  max_attempts smallint NOT NULL,
  excused_attempts smallint NOT NULL DEFAULT 0,
  lost_runners smallint NOT NULL DEFAULT 0,
  error jsonb,
  errors jsonb,
  retry_of uuid,
  runner_id uuid,
  CONSTRAINT jobs_pkey PRIMARY KEY (id),
  CONSTRAINT jobs_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers(id),
  CONSTRAINT jobs_job_type_id_fkey FOREIGN KEY (job_type_id) REFERENCES job_types(id),
  CONSTRAINT jobs_check CHECK (((excused_attempts >= 0) AND (excused_attempts <= attempt))),
  CONSTRAINT jobs_cost_within_hold CHECK (((cost_cents >= 0) AND (cost_cents <= estimated_cost_cents))),
  CONSTRAINT jobs_ended_has_time CHECK (((status = ANY (ARRAY['succeeded'::job_status, 'failed'::job_status, 'cancelled'::job_status])) = (completed_at IS NOT NULL))),
  CONSTRAINT jobs_estimated_cost_cents_check CHECK ((estimated_cost_cents >= 0)),
  CONSTRAINT jobs_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
  CONSTRAINT jobs_only_success_costs CHECK (((status = 'succeeded'::job_status) = (cost_cents IS NOT NULL))),
  CONSTRAINT jobs_priority_check CHECK (((priority >= 0) AND (priority <= 2))),
  CONSTRAINT jobs_running_has_runner CHECK (((status <> 'running'::job_status) OR ((runner_id IS NOT NULL) AND (started_at IS NOT NULL) AND (attempt > 0))))
) WITH (fillfactor=45, autovacuum_vacuum_insert_scale_factor=0.1);
CREATE INDEX jobs_by_customer ON public.jobs USING btree (customer_id, id);

-- table leases
CREATE TABLE leases (
  id uuid NOT NULL,
  runner_id uuid NOT NULL,
  claimed_at timestamp with time zone NOT NULL DEFAULT now(),
  job_ids uuid[] NOT NULL,
  CONSTRAINT leases_pkey PRIMARY KEY (id)
);
CREATE INDEX leases_by_runner ON public.leases USING btree (runner_id);

-- table outbox
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  kind text NOT NULL,
  customer_id uuid NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_kind_check CHECK ((kind = 'low_balance'::text))
);

-- table price_history
CREATE TABLE price_history (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  job_type_id uuid NOT NULL,
  customer_id uuid,
  cost_cents bigint,
  valid_from timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT price_history_pkey PRIMARY KEY (id)
);
CREATE INDEX price_history_by_type ON public.price_history USING btree (job_type_id, id);
CREATE TRIGGER price_history_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.price_history FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- table pruned_jobs
CREATE TABLE pruned_jobs (
  customer_id uuid NOT NULL,
  jobs bigint NOT NULL,
  charged_jobs bigint NOT NULL,
  charged_cents bigint NOT NULL,
  CONSTRAINT pruned_jobs_pkey PRIMARY KEY (customer_id)
) WITH (fillfactor=50);

-- table queue_pause
CREATE TABLE queue_pause (
  only_row boolean NOT NULL DEFAULT true,
  paused_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT queue_pause_pkey PRIMARY KEY (only_row),
  CONSTRAINT queue_pause_only_row_check CHECK (only_row)
);

-- table runners
CREATE TABLE runners (
  id uuid NOT NULL,
  host text NOT NULL,
  version text NOT NULL,
  slots integer NOT NULL,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  heartbeat_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT runners_pkey PRIMARY KEY (id),
  CONSTRAINT runners_slots_check CHECK ((slots > 0))
) WITH (fillfactor=50);

-- table wallet_entries
CREATE TABLE wallet_entries (
  wallet_id uuid NOT NULL,
  seq bigint NOT NULL,
  kind entry_kind NOT NULL,
  amount_cents bigint NOT NULL,
  balance_after_cents bigint NOT NULL,
  job_id uuid,
  reference text,
  reason text,
  actor text,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT wallet_entries_pkey PRIMARY KEY (wallet_id, seq),
  CONSTRAINT wallet_entries_actor_check CHECK (((length(actor) >= 1) AND (length(actor) <= 200))),
  CONSTRAINT wallet_entries_adjustment_has_reason CHECK (((kind <> 'adjustment'::entry_kind) OR (reason IS NOT NULL))),
  CONSTRAINT wallet_entries_amount_cents_check CHECK ((amount_cents <> 0)),
  CONSTRAINT wallet_entries_balance_after_cents_check CHECK (((balance_after_cents >= '-9000000000000000'::bigint) AND (balance_after_cents <= '9000000000000000'::bigint))),
  CONSTRAINT wallet_entries_name_their_actor CHECK (((kind = 'charge'::entry_kind) OR (actor IS NOT NULL))),
  CONSTRAINT wallet_entries_name_their_job CHECK (((kind = ANY (ARRAY['charge'::entry_kind, 'refund'::entry_kind])) = (job_id IS NOT NULL))),
  CONSTRAINT wallet_entries_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
  CONSTRAINT wallet_entries_reference_check CHECK (((length(reference) >= 1) AND (length(reference) <= 200))),
  CONSTRAINT wallet_entries_seq_check CHECK ((seq > 0)),
  CONSTRAINT wallet_entries_sign CHECK (
CASE kind
    WHEN 'adjustment'::entry_kind THEN true
    WHEN 'charge'::entry_kind THEN (amount_cents < 0)
    WHEN 'chargeback'::entry_kind THEN (amount_cents < 0)
    ELSE (amount_cents > 0)
END)
);
CREATE UNIQUE INDEX wallet_entries_one_charge ON public.wallet_entries USING btree (job_id) WHERE (kind = 'charge'::entry_kind);
CREATE UNIQUE INDEX wallet_entries_one_reference ON public.wallet_entries USING btree (wallet_id, reference) WHERE (reference IS NOT NULL);
CREATE INDEX wallet_entries_refunds ON public.wallet_entries USING btree (job_id) WHERE (kind = 'refund'::entry_kind);
CREATE TRIGGER wallet_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.wallet_entries FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER wallet_entries_checked AFTER INSERT ON public.wallet_entries REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION check_entries();
-- Its owner may insert, references, select, trigger.

-- table wallet_seals
CREATE TABLE wallet_seals (
  wallet_id uuid NOT NULL,
  last_seq bigint NOT NULL,
  first_seq bigint NOT NULL,
  hash bytea NOT NULL,
  link bigint NOT NULL,
  sealed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT wallet_seals_link_key UNIQUE (link),
  CONSTRAINT wallet_seals_pkey PRIMARY KEY (wallet_id, last_seq),
  CONSTRAINT wallet_seals_check CHECK (((first_seq >= 1) AND (first_seq <= last_seq))),
  CONSTRAINT wallet_seals_hash_check CHECK ((length(hash) = 32))
);
CREATE TRIGGER wallet_seals_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.wallet_seals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
-- Its owner may insert, references, select, trigger.

-- table wallets
CREATE TABLE wallets (
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  current_balance_cents bigint NOT NULL DEFAULT 0,
  pending_charges_cents bigint NOT NULL DEFAULT 0,
  currency text NOT NULL DEFAULT 'EUR'::text,
  credit_limit_cents bigint NOT NULL DEFAULT 0,
  low_balance_cents bigint,
  monthly_spend_limit_cents bigint,
  spend_month date NOT NULL DEFAULT (date_trunc('month'::text, (now() AT TIME ZONE 'UTC'::text)))::date,
  month_spent_cents bigint NOT NULL DEFAULT 0,
  frozen_at timestamp with time zone,
  last_entry_seq bigint NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT wallets_customer_id_key UNIQUE (customer_id),
  CONSTRAINT wallets_pkey PRIMARY KEY (id),
  CONSTRAINT wallets_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers(id),
  CONSTRAINT wallets_balance_limit CHECK (((current_balance_cents >= '-9000000000000000'::bigint) AND (current_balance_cents <= '9000000000000000'::bigint))),
  CONSTRAINT wallets_credit_limit_cents_check CHECK (((credit_limit_cents >= 0) AND (credit_limit_cents <= '1000000000000'::bigint))),
  CONSTRAINT wallets_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  CONSTRAINT wallets_low_balance_cents_check CHECK (((low_balance_cents >= '-1000000000000'::bigint) AND (low_balance_cents <= '1000000000000'::bigint))),
  CONSTRAINT wallets_month_spent_cents_check CHECK ((month_spent_cents >= 0)),
  CONSTRAINT wallets_monthly_spend_limit_cents_check CHECK (((monthly_spend_limit_cents >= 0) AND (monthly_spend_limit_cents <= '1000000000000'::bigint))),
  CONSTRAINT wallets_not_overspent CHECK (((frozen_at IS NOT NULL) OR ((current_balance_cents + credit_limit_cents) >= pending_charges_cents))),
  CONSTRAINT wallets_pending_charges_cents_check CHECK ((pending_charges_cents >= 0))
) WITH (fillfactor=50, autovacuum_vacuum_scale_factor=0.05);
CREATE TRIGGER wallets_stay BEFORE DELETE OR TRUNCATE ON public.wallets FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

-- view audit
CREATE VIEW audit AS
 WITH ledger AS MATERIALIZED (
         SELECT e.wallet_id,
            w.id IS NOT NULL AS has_wallet,
            count(*) AS entries,
            count(*) FILTER (WHERE e.kind = 'charge'::entry_kind) AS charges,
            max(e.seq) AS last_seq,
            sum(e.amount_cents) AS cents,
            - sum(e.amount_cents) FILTER (WHERE e.kind = 'charge'::entry_kind AND date_trunc('month'::text, (e.created_at AT TIME ZONE 'UTC'::text)) = w.spend_month) AS month_spent
           FROM wallet_entries e
             LEFT JOIN wallets w ON w.id = e.wallet_id
          GROUP BY e.wallet_id, (w.id IS NOT NULL)
        ), mismatch AS MATERIALIZED (
         SELECT COALESCE(j.id, c.job_id) AS job_id,
            j.id IS NOT NULL AS has_job,
            j.status = 'succeeded'::job_status AND j.cost_cents > 0 AS is_to_pay,
            c.wallet_id,
            - c.amount_cents AS cents
           FROM jobs j
             LEFT JOIN wallets w USING (customer_id)
             FULL JOIN ( SELECT e.job_id,
                    e.wallet_id,
                    e.amount_cents
                   FROM wallet_entries e
                  WHERE e.kind = 'charge'::entry_kind) c ON c.job_id = j.id
          WHERE (- c.amount_cents) IS DISTINCT FROM NULLIF(j.cost_cents, 0) OR c.job_id IS NOT NULL AND (j.status <> 'succeeded'::job_status OR c.wallet_id IS DISTINCT FROM w.id)
        ), charged_twice AS (
         SELECT e.job_id
           FROM wallet_entries e
          WHERE e.kind = 'charge'::entry_kind AND ((( SELECT sum(l.charges) AS sum
                   FROM ledger l)) - (( SELECT count(*) AS count
                   FROM mismatch x
                  WHERE x.is_to_pay IS NOT TRUE AND x.cents IS NOT NULL))::numeric) > ((( SELECT count(*) AS count
                   FROM jobs j
                  WHERE j.status = 'succeeded'::job_status AND j.cost_cents > 0)) - (( SELECT count(*) AS count
                   FROM mismatch x
                  WHERE x.is_to_pay AND x.cents IS NULL)))::numeric
          GROUP BY e.job_id
         HAVING count(*) > 1
        ), broken(promise, subject) AS (
         SELECT 'balance_is_sum_of_entries'::text AS "?column?",
            w.id::text AS id
           FROM wallets w
             LEFT JOIN ledger l ON l.wallet_id = w.id
          WHERE w.current_balance_cents::numeric <> COALESCE(l.cents, 0::numeric)
        UNION ALL
         SELECT 'entries_are_gapless'::text,
            w.id::text AS id
           FROM wallets w
             LEFT JOIN ledger l ON l.wallet_id = w.id
          WHERE w.last_entry_seq <> COALESCE(l.entries, 0::bigint) OR w.last_entry_seq <> COALESCE(l.last_seq, 0::bigint)
        UNION ALL
         SELECT 'entries_have_a_wallet'::text,
            l.wallet_id::text AS wallet_id
           FROM ledger l
          WHERE NOT l.has_wallet
        UNION ALL
         SELECT 'spent_this_month_is_sum_of_charges'::text,
            w.id::text AS id
           FROM wallets w
             LEFT JOIN ledger l ON l.wallet_id = w.id
          WHERE w.month_spent_cents::numeric <> COALESCE(l.month_spent, 0::numeric)
        UNION ALL
         SELECT 'running_balance_is_unbroken'::text,
            (e.wallet_id || '/'::text) || e.seq
           FROM ( SELECT wallet_entries.wallet_id,
                    wallet_entries.seq,
                    wallet_entries.balance_after_cents,
                    lag(wallet_entries.balance_after_cents, 1, 0::bigint) OVER (PARTITION BY wallet_entries.wallet_id ORDER BY wallet_entries.seq) + wallet_entries.amount_cents AS cents
                   FROM wallet_entries) e
          WHERE e.cents <> e.balance_after_cents
        UNION ALL
         SELECT 'held_is_sum_of_open_holds'::text,
            w.id::text AS id
           FROM wallets w
             LEFT JOIN ( SELECT jobs.customer_id,
                    sum(jobs.estimated_cost_cents) AS cents
                   FROM jobs
                  WHERE jobs.status = ANY (ARRAY['pending'::job_status, 'running'::job_status])
                  GROUP BY jobs.customer_id) j USING (customer_id)
          WHERE w.pending_charges_cents::numeric <> COALESCE(j.cents, 0::numeric)
        UNION ALL
         SELECT 'nothing_is_overspent'::text,
            w.id::text AS id
           FROM wallets w
          WHERE w.frozen_at IS NULL AND available_cents(w.*) < 0 OR w.pending_charges_cents < 0
        UNION ALL
         SELECT 'refunds_stay_within_charges'::text,
            r.job_id::text AS job_id
           FROM ( SELECT wallet_entries.job_id,
                    wallet_entries.wallet_id,
                    sum(wallet_entries.amount_cents) AS cents
                   FROM wallet_entries
                  WHERE wallet_entries.kind = 'refund'::entry_kind
                  GROUP BY wallet_entries.job_id, wallet_entries.wallet_id) r
             LEFT JOIN wallet_entries c ON c.kind = 'charge'::entry_kind AND c.job_id = r.job_id AND c.wallet_id = r.wallet_id
          WHERE c.job_id IS NULL OR r.cents > (- c.amount_cents)::numeric
        UNION ALL
         SELECT 'journal_sums_to_zero'::text,
            j.currency
           FROM journal j
          GROUP BY j.currency
         HAVING sum(j.amount_cents) <> 0::numeric
        UNION ALL
         SELECT
                CASE
                    WHEN x.is_to_pay THEN 'success_is_charged_once_at_its_cost'::text
                    ELSE 'nothing_else_is_charged'::text
                END AS "case",
            x.job_id::text AS job_id
           FROM mismatch x
          WHERE x.has_job
        UNION ALL
         SELECT 'success_is_charged_once_at_its_cost'::text,
            t.job_id::text AS job_id
           FROM charged_twice t
        UNION ALL
         SELECT 'nothing_else_is_charged'::text,
            COALESCE(e.customer_id, p_1.customer_id)::text AS "coalesce"
           FROM ( SELECT w.customer_id,
                    count(*) AS charges,
                    sum(x.cents) AS cents
                   FROM mismatch x
                     JOIN wallets w ON w.id = x.wallet_id
                  WHERE NOT x.has_job
                  GROUP BY w.customer_id) e
             FULL JOIN ( SELECT pruned_jobs.customer_id,
                    pruned_jobs.jobs,
                    pruned_jobs.charged_jobs,
                    pruned_jobs.charged_cents
                   FROM pruned_jobs
                  WHERE pruned_jobs.charged_jobs > 0) p_1 ON p_1.customer_id = e.customer_id
          WHERE e.charges IS DISTINCT FROM p_1.charged_jobs OR e.cents IS DISTINCT FROM p_1.charged_cents::numeric
        UNION ALL
         SELECT 'no_charge_is_above_its_quote'::text,
            j.id::text AS id
           FROM jobs j
          WHERE j.cost_cents > j.estimated_cost_cents
        UNION ALL
         SELECT 'every_waiting_job_is_queued_once'::text,
            j.id::text AS id
           FROM jobs j
             FULL JOIN ( SELECT p_1.job_id,
                    count(*) AS places
                   FROM ( SELECT job_queue.job_id
                           FROM job_queue
                        UNION ALL
                         SELECT job_schedule.job_id
                           FROM job_schedule
                        UNION ALL
                         SELECT job_parked.job_id
                           FROM job_parked) p_1
                  GROUP BY p_1.job_id) q ON q.job_id = j.id
          WHERE j.status = 'pending'::job_status AND q.places IS DISTINCT FROM 1 OR j.status IS DISTINCT FROM 'pending'::job_status AND q.places IS NOT NULL
        UNION ALL
         SELECT 'every_running_job_has_a_lease'::text,
            j.id::text AS id
           FROM jobs j
             LEFT JOIN ( SELECT l_1.runner_id,
                    unnest(l_1.job_ids) AS job_id
                   FROM leases l_1) l ON l.job_id = j.id AND l.runner_id = j.runner_id
          WHERE j.status = 'running'::job_status AND l.job_id IS NULL
        ), promise(ord, promise, says) AS (
         VALUES (1,'balance_is_sum_of_entries'::text,'P6: every balance is the sum of its ledger entries'::text), (2,'held_is_sum_of_open_holds'::text,'P6: held money is the sum of the holds of open jobs'::text), (3,'running_balance_is_unbroken'::text,'P6: every entry carries the balance after it'::text), (4,'entries_are_gapless'::text,'P6: every wallet numbers its entries without a gap'::text), (5,'entries_have_a_wallet'::text,'P6: no entry stands without its wallet'::text), (6,'success_is_charged_once_at_its_cost'::text,'P2: a succeeded job is charged exactly once, its cost'::text), (7,'nothing_else_is_charged'::text,'P2: no other job is charged'::text), (8,'no_charge_is_above_its_quote'::text,'P2: no job costs more than it was quoted'::text), (9,'refunds_stay_within_charges'::text,'P2: no job gives back more than it was charged'::text), (10,'nothing_is_overspent'::text,'P3: no wallet holds or spends more than it may'::text), (11,'spent_this_month_is_sum_of_charges'::text,'P3: what counts towards a spend limit is what was charged in the month'::text), (12,'journal_sums_to_zero'::text,'P6: as double entry, the ledger sums to zero'::text), (13,'every_waiting_job_is_queued_once'::text,'P1: every pending job waits in exactly one place'::text), (14,'every_running_job_has_a_lease'::text,'P5: every running job can be found if its runner dies'::text)
        )
 SELECT p.promise,
    p.says,
    count(b.subject) AS broken,
    min(b.subject) AS example
   FROM promise p
     LEFT JOIN broken b ON b.promise = p.promise
  GROUP BY p.ord, p.promise, p.says
  ORDER BY p.ord;

-- view broken_seals
CREATE VIEW broken_seals AS
 SELECT wallet_id,
    first_seq,
    last_seq
   FROM ( SELECT s_1.wallet_id,
            s_1.last_seq,
            s_1.first_seq,
            s_1.hash,
            s_1.link,
            s_1.sealed_at,
            lag(s_1.hash) OVER chain AS hash_before,
            lag(s_1.last_seq) OVER chain AS last_before,
            row_number() OVER (ORDER BY s_1.link) AS place
           FROM wallet_seals s_1
          WINDOW chain AS (PARTITION BY s_1.wallet_id ORDER BY s_1.last_seq)) s
  WHERE link <> place OR first_seq <> (COALESCE(last_before, 0::bigint) + 1) OR hash <> hash_entries(wallet_id, first_seq, last_seq, hash_before);

-- view journal
CREATE VIEW journal AS
 SELECT e.wallet_id,
    e.seq,
    leg.account,
    w.currency,
    leg.amount_cents,
    e.kind,
    e.job_id,
    e.created_at
   FROM wallet_entries e
     JOIN wallets w ON w.id = e.wallet_id
     CROSS JOIN LATERAL ( VALUES ('wallet:'::text || e.wallet_id,e.amount_cents), (
                CASE e.kind
                    WHEN 'top_up'::entry_kind THEN 'cash'::text
                    WHEN 'chargeback'::entry_kind THEN 'cash'::text
                    WHEN 'charge'::entry_kind THEN 'revenue'::text
                    WHEN 'refund'::entry_kind THEN 'revenue'::text
                    WHEN 'grant'::entry_kind THEN 'promotion'::text
                    WHEN 'adjustment'::entry_kind THEN 'adjustment'::text
                    ELSE NULL::text
                END,- e.amount_cents)) leg(account, amount_cents);

-- function age_jobs(smallint,interval,integer,uuid)
CREATE OR REPLACE FUNCTION public.age_jobs(p_priority smallint, p_after interval, p_limit integer, p_cursor uuid)
 RETURNS TABLE(aged bigint, next_cursor uuid)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
DECLARE
  v_before constant timestamptz := now() - p_after;
  -- The greatest UUIDv7 of that moment.
  v_last   constant uuid := (
    lpad(to_hex(floor(extract(epoch FROM v_before) * 1000)::bigint), 12, '0') || repeat('f', 20)
  )::uuid;
  v_seen   uuid[];
  v_old    uuid[];
BEGIN
  SELECT array_agg(w.job_id), array_agg(w.job_id) FILTER (WHERE w.waits_since < v_before)
    INTO v_seen, v_old
    FROM (
      SELECT q.job_id, q.waits_since
        FROM job_queue q
       WHERE q.priority = p_priority
         AND q.job_id > coalesce(p_cursor, '00000000-0000-0000-0000-000000000000')
         AND q.job_id <= v_last
       ORDER BY q.job_id
       LIMIT p_limit
    ) w;
  aged := 0;
  IF v_old IS NOT NULL THEN
    v_old := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = p_priority AND q.job_id = ANY (v_old) AND q.waits_since < v_before
         FOR UPDATE SKIP LOCKED
    );
    UPDATE job_queue q
       SET priority = p_priority - 1,
           enqueued_at = NULL,
           waits_since = now()
     WHERE q.priority = p_priority AND q.job_id = ANY (v_old);
    aged := cardinality(v_old);
  END IF;
  next_cursor := CASE WHEN cardinality(v_seen) = p_limit THEN v_seen[p_limit] END;
  RETURN NEXT;
END $function$
;

-- function append_entry(wallets,entry_kind,bigint,uuid,text,text,text,boolean)
CREATE OR REPLACE FUNCTION public.append_entry(p_wallet wallets, p_kind entry_kind, p_amount_cents bigint, p_job uuid, p_reference text, p_reason text, p_actor text, p_freeze boolean)
 RETURNS wallet_entries
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_at      constant timestamptz := greatest(p_wallet.updated_at, clock_timestamp());
  v_balance constant bigint := p_wallet.current_balance_cents + p_amount_cents;
  v_entry   wallet_entries;
BEGIN
  INSERT INTO wallet_entries
    (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id, reference, reason, actor, created_at)
  VALUES (
    p_wallet.id,
    p_wallet.last_entry_seq + 1,
    p_kind,
    p_amount_cents,
    v_balance,
    p_job,
    p_reference,
    p_reason,
    p_actor,
    v_at
  )
  RETURNING * INTO v_entry;
  UPDATE wallets w
     SET current_balance_cents = v_balance,
         last_entry_seq = v_entry.seq,
         updated_at = v_at,
         frozen_at = CASE
           WHEN p_freeze OR (p_kind = 'chargeback' AND available_cents(p_wallet) + p_amount_cents < 0)
           THEN coalesce(w.frozen_at, v_at)
           ELSE w.frozen_at
         END
   WHERE w.id = p_wallet.id;
  IF v_balance < p_wallet.low_balance_cents
    AND p_wallet.current_balance_cents >= p_wallet.low_balance_cents
  THEN
    INSERT INTO outbox (kind, customer_id, payload)
    VALUES (
      'low_balance',
      p_wallet.customer_id,
      jsonb_build_object(
        'current_balance_cents', v_balance,
        'low_balance_cents', p_wallet.low_balance_cents
      )
    );
  END IF;
  RETURN v_entry;
END $function$
;

-- function append_error(jsonb,jsonb,integer,uuid)
CREATE OR REPLACE FUNCTION public.append_error(p_errors jsonb, p_error jsonb, p_attempt integer, p_runner_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  SELECT
    CASE
      WHEN jsonb_array_length(p_errors) >= 20 THEN p_errors - 0
      ELSE coalesce(p_errors, '[]')
    END || jsonb_build_array(p_error || jsonb_build_object(
      'attempt', p_attempt,
      'runner_id', p_runner_id,
      'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ))
$function$
;

-- function available_cents(wallets)
CREATE OR REPLACE FUNCTION public.available_cents(w wallets)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT w.current_balance_cents + w.credit_limit_cents - w.pending_charges_cents
$function$
;

-- function balance_before(uuid,timestamp with time zone)
CREATE OR REPLACE FUNCTION public.balance_before(p_wallet uuid, p_at timestamp with time zone)
 RETURNS TABLE(seq bigint, balance_cents bigint)
 LANGUAGE plpgsql
 STABLE
AS $function$
#variable_conflict use_column
DECLARE
  v_seq constant bigint := last_entry_before(p_wallet, coalesce(p_at, 'infinity'));
BEGIN
  RETURN QUERY
  SELECT
    v_seq,
    coalesce((
      SELECT e.balance_after_cents FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq = v_seq
    ), 0);
END $function$
;

-- function cancel_job(uuid,uuid)
CREATE OR REPLACE FUNCTION public.cancel_job(p_id uuid, p_owner uuid)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_job    jobs;
  v_places int := 0;
  n        int;
BEGIN
  PERFORM FROM jobs j WHERE j.id = p_id AND (p_owner IS NULL OR j.customer_id = p_owner);
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;

  DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;
  DELETE FROM job_schedule s WHERE s.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;
  DELETE FROM job_parked k WHERE k.job_id = p_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  v_places := v_places + n;

  SELECT * INTO v_job FROM jobs j WHERE j.id = p_id FOR NO KEY UPDATE;
  IF v_job.status NOT IN ('pending', 'running') THEN
    RETURN 'already_ended';
  END IF;
  IF (v_job.status = 'pending') <> (v_places = 1) THEN
    RAISE EXCEPTION 'job % was moved while it was cancelled', p_id
      USING ERRCODE = 'serialization_failure';
  END IF;

  UPDATE jobs j SET status = 'cancelled', completed_at = now() WHERE j.id = p_id;
  IF v_job.status = 'running' THEN
    INSERT INTO cancellations (runner_id, job_id)
    SELECT r.id, p_id FROM runners r WHERE r.id = v_job.runner_id
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM post_charges(
    ARRAY[p_id],
    ARRAY[v_job.customer_id],
    ARRAY[0::bigint],
    ARRAY[v_job.estimated_cost_cents]
  );
  RETURN 'cancelled';
END $function$
;

-- function check_entries()
CREATE OR REPLACE FUNCTION public.check_entries()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_charged  uuid[] := array(SELECT n.job_id FROM new_entries n WHERE n.kind = 'charge');
  v_wallets  uuid[] := array(SELECT DISTINCT n.wallet_id FROM new_entries n WHERE n.kind = 'charge');
  v_refunded uuid[] := array(SELECT DISTINCT n.job_id FROM new_entries n WHERE n.kind = 'refund');
BEGIN
  IF v_charged <> '{}' AND EXISTS (
    SELECT
      FROM new_entries n
      LEFT JOIN jobs j ON j.id = ANY (v_charged) AND j.id = n.job_id
      LEFT JOIN wallets w ON w.id = ANY (v_wallets) AND w.id = n.wallet_id
     WHERE n.kind = 'charge'
       AND (
         j.status IS DISTINCT FROM 'succeeded'
         OR j.cost_cents IS DISTINCT FROM -n.amount_cents
         OR w.customer_id IS DISTINCT FROM j.customer_id
       )
  ) THEN
    RAISE EXCEPTION 'a charge without a job of that customer that succeeded at that cost'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_charge_needs_success';
  END IF;
  IF v_refunded <> '{}' AND EXISTS (
    SELECT
      FROM (
        SELECT e.job_id, e.wallet_id, sum(e.amount_cents) AS cents
          FROM wallet_entries e
         WHERE e.kind = 'refund' AND e.job_id = ANY (v_refunded)
         GROUP BY 1, 2
      ) r
      LEFT JOIN wallet_entries c
        ON c.kind = 'charge'
       AND c.job_id = ANY (v_refunded)
       AND c.job_id = r.job_id
       AND c.wallet_id = r.wallet_id
     WHERE c.job_id IS NULL OR r.cents > -c.amount_cents
  ) THEN
    RAISE EXCEPTION 'refunds of more than was charged'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entries_refund_within_charge';
  END IF;
  RETURN NULL;
END $function$
;

-- function claim_backlog(integer,uuid,uuid,uuid[])
CREATE OR REPLACE FUNCTION public.claim_backlog(p_limit integer, p_runner uuid, p_lease uuid, p_after uuid[])
 RETURNS SETOF claimed_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  -- Customers of each priority that are to be apart (measured: 8 and 32 are slower). A claim takes as many
  -- advisory locks, and the server's table of locks is small.
  c_apart constant int := 16;
  v_ids   uuid[];
  v_all   uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  -- Again while all that was taken is of paused types and was parked. Bounded, so that a claim stays short.
  FOR v_round IN 1..10 LOOP
    v_all := '{}';
    FOR v_priority IN 0..2 LOOP
      v_ids := (
        take_turns(
          v_priority::smallint,
          p_limit - cardinality(v_all),
          p_after[v_priority + 1],
          c_apart
        )
      ).job_ids;
      DELETE FROM job_queue q WHERE q.priority = v_priority AND q.job_id = ANY (v_ids);
      v_all := v_all || v_ids;
      EXIT WHEN cardinality(v_all) >= p_limit;
    END LOOP;
    IF v_all = '{}' THEN
      RETURN;
    END IF;
    RETURN QUERY SELECT * FROM start_jobs(v_all, p_runner, p_lease);
    IF FOUND THEN
      RETURN;
    END IF;
  END LOOP;
END $function$
;

-- function claim_jobs(uuid[],uuid,uuid)
CREATE OR REPLACE FUNCTION public.claim_jobs(p_ids uuid[], p_runner uuid, p_lease uuid)
 RETURNS SETOF claimed_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_ids uuid[];
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  v_ids := array(
    SELECT q.job_id
      FROM job_queue q
     WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (p_ids)
     ORDER BY q.job_id
       FOR UPDATE SKIP LOCKED
  );
  IF v_ids = '{}' THEN
    RETURN;
  END IF;
  DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_ids);
  RETURN QUERY SELECT * FROM start_jobs(v_ids, p_runner, p_lease);
END $function$
;

-- function claim_next_jobs(integer,uuid,uuid)
CREATE OR REPLACE FUNCTION public.claim_next_jobs(p_limit integer, p_runner uuid, p_lease uuid)
 RETURNS SETOF claimed_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_ids uuid[];
  v_all uuid[] := '{}';
BEGIN
  IF EXISTS (SELECT FROM queue_pause) THEN
    RETURN;
  END IF;
  FOR v_priority IN 0..2 LOOP
    v_ids := array(
      SELECT q.job_id
        FROM job_queue q
       WHERE q.priority = v_priority
       ORDER BY q.job_id
       LIMIT p_limit - cardinality(v_all)
         FOR UPDATE SKIP LOCKED
    );
    DELETE FROM job_queue q WHERE q.priority = v_priority AND q.job_id = ANY (v_ids);
    v_all := v_all || v_ids;
    EXIT WHEN cardinality(v_all) >= p_limit;
  END LOOP;
  IF v_all = '{}' THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT * FROM start_jobs(v_all, p_runner, p_lease);
END $function$
;

-- function count_stamped_jobs(interval)
CREATE OR REPLACE FUNCTION public.count_stamped_jobs(p_older interval)
 RETURNS TABLE(priority smallint, stamped bigint)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
BEGIN
  RETURN QUERY
  SELECT
    p.priority,
    (
      SELECT count(*) FROM job_queue q WHERE q.priority = p.priority AND q.enqueued_at < now() - p_older
    )
    FROM unnest('{0,1,2}'::smallint[]) p (priority);
END $function$
;

-- function create_customer(uuid,text,text,uuid,text,uuid,uuid)
CREATE OR REPLACE FUNCTION public.create_customer(p_id uuid, p_name text, p_email text, p_wallet uuid, p_currency text, p_key uuid, p_hash uuid)
 RETURNS uuid
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_made uuid[] := CASE WHEN p_key IS NOT NULL THEN take_idempotency_key(p_key, p_hash) END;
BEGIN
  IF v_made[1] IS NOT NULL THEN
    RETURN v_made[1];
  END IF;
  INSERT INTO customers (id, name, email) VALUES (p_id, p_name, p_email);
  INSERT INTO wallets (id, customer_id, currency) VALUES (p_wallet, p_id, p_currency);
  UPDATE idempotency_keys i SET subjects = ARRAY[p_id] WHERE i.id = p_key;
  RETURN p_id;
END $function$
;

-- function exceeds_balance_limit(wallets,bigint)
CREATE OR REPLACE FUNCTION public.exceeds_balance_limit(w wallets, p_amount_cents bigint)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT w.current_balance_cents + p_amount_cents > 9000000000000000
      OR w.current_balance_cents + p_amount_cents - w.pending_charges_cents < -9000000000000000
$function$
;

-- function find_customers_by_keys(text[])
CREATE OR REPLACE FUNCTION public.find_customers_by_keys(p_hashes text[])
 RETURNS TABLE(key_hash text, use_to_note boolean, id uuid, name text, email text, active boolean, created_at timestamp with time zone, updated_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  SELECT
    k.key_hash,
    k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute',
    c.id,
    c.name,
    c.email,
    c.active,
    c.created_at,
    c.updated_at
    FROM api_keys k
    JOIN customers c ON c.id = k.customer_id
   WHERE k.key_hash = ANY (p_hashes) AND k.revoked_at IS NULL
$function$
;

-- function forbid_change()
CREATE OR REPLACE FUNCTION public.forbid_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '% on % is forbidden', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $function$
;

-- function hash_entries(uuid,bigint,bigint,bytea)
CREATE OR REPLACE FUNCTION public.hash_entries(p_wallet uuid, p_first bigint, p_last bigint, p_link_before bytea)
 RETURNS bytea
 LANGUAGE sql
 STABLE
AS $function$
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
$function$
;

-- function heartbeat(uuid,uuid[])
CREATE OR REPLACE FUNCTION public.heartbeat(p_runner uuid, p_told uuid[])
 RETURNS TABLE(alive boolean, queue_paused boolean, cancelled uuid[])
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
BEGIN
  UPDATE runners r SET heartbeat_at = clock_timestamp() WHERE r.id = p_runner;
  alive := FOUND;
  queue_paused := EXISTS (SELECT FROM queue_pause);
  IF p_told <> '{}' THEN
    DELETE FROM cancellations c WHERE c.runner_id = p_runner AND c.job_id = ANY (p_told);
  END IF;
  cancelled := array(SELECT c.job_id FROM cancellations c WHERE c.runner_id = p_runner);
  RETURN NEXT;
END $function$
;

-- function hold_refusal(wallets,bigint)
CREATE OR REPLACE FUNCTION public.hold_refusal(w wallets, p_cents bigint)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE
    WHEN w.frozen_at IS NOT NULL THEN 'wallet_frozen'
    WHEN available_cents(w) < p_cents THEN 'insufficient_funds'
    WHEN w.monthly_spend_limit_cents - spent_this_month(w) - w.pending_charges_cents < p_cents
    THEN 'spend_limit_reached'
  END
$function$
;

-- function last_entry_before(uuid,timestamp with time zone)
CREATE OR REPLACE FUNCTION public.last_entry_before(p_wallet uuid, p_at timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
DECLARE
  v_low    bigint := 0;
  v_high   bigint := coalesce((SELECT max(e.seq) FROM wallet_entries e WHERE e.wallet_id = p_wallet), 0);
  v_middle bigint;
BEGIN
  WHILE v_low < v_high LOOP
    v_middle := (v_low + v_high + 1) / 2;
    IF (
      SELECT e.created_at FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq = v_middle
    ) < p_at THEN
      v_low := v_middle;
    ELSE
      v_high := v_middle - 1;
    END IF;
  END LOOP;
  RETURN v_low;
END $function$
;

-- function note_customer_price()
CREATE OR REPLACE FUNCTION public.note_customer_price()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO price_history (job_type_id, customer_id)
    VALUES (OLD.job_type_id, OLD.customer_id);
  ELSE
    INSERT INTO price_history (job_type_id, customer_id, cost_cents)
    VALUES (NEW.job_type_id, NEW.customer_id, NEW.cost_cents);
  END IF;
  RETURN NULL;
END $function$
;

-- function note_standard_cost()
CREATE OR REPLACE FUNCTION public.note_standard_cost()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO price_history (job_type_id, cost_cents) VALUES (NEW.id, NEW.standard_cost_cents);
  RETURN NULL;
END $function$
;

-- function post_charges(uuid[],uuid[],bigint[],bigint[])
CREATE OR REPLACE FUNCTION public.post_charges(p_ids uuid[], p_customers uuid[], p_costs bigint[], p_holds bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  w_ids       uuid[];
  w_customers uuid[];
  w_balances  bigint[];
  w_seqs      bigint[];
  w_times     timestamptz[];  -- when the money moves: after the lock was had, never before the last movement
BEGIN
  SELECT
    array_agg(w.id),
    array_agg(w.customer_id),
    array_agg(w.balance),
    array_agg(w.seq),
    array_agg(greatest(w.updated_at, clock_timestamp()))
    INTO w_ids, w_customers, w_balances, w_seqs, w_times
    FROM (
      SELECT
        w.id,
        w.customer_id,
        w.current_balance_cents AS balance,
        w.last_entry_seq AS seq,
        w.updated_at
        FROM wallets w
       WHERE w.customer_id = ANY (u_customers)
       ORDER BY w.id
         FOR NO KEY UPDATE
    ) w;
  IF cardinality(w_ids) IS DISTINCT FROM cardinality(u_customers) THEN
    RAISE EXCEPTION 'a job has no wallet';
  END IF;

  INSERT INTO wallet_entries
    (wallet_id, seq, kind, job_id, amount_cents, balance_after_cents, created_at)
  SELECT w.id, w.seq + c.nth, 'charge', c.id, -c.cost, w.balance - c.sum, w.moved_at
    FROM (
      SELECT
        s.id,
        s.customer_id,
        s.cost,
        count(*) OVER win AS nth,
        sum(s.cost) OVER win AS sum
        FROM unnest(p_ids, p_customers, p_costs) s (id, customer_id, cost)
       WHERE s.cost > 0
      WINDOW win AS (PARTITION BY s.customer_id ORDER BY s.id ROWS UNBOUNDED PRECEDING)
    ) c
    JOIN unnest(w_ids, w_customers, w_balances, w_seqs, w_times)
           w (id, customer_id, balance, seq, moved_at)
      ON w.customer_id = c.customer_id;

  WITH moved AS (
    UPDATE wallets w
       SET current_balance_cents = w.current_balance_cents - s.cost,
           pending_charges_cents = w.pending_charges_cents - s.hold,
           last_entry_seq = w.last_entry_seq + s.entries,
           updated_at = s.moved_at,
           month_spent_cents = CASE w.spend_month WHEN s.month THEN w.month_spent_cents ELSE 0 END + s.cost,
           spend_month = s.month
      FROM (
        SELECT
          s.customer_id,
          sum(s.cost)::bigint AS cost,
          sum(s.hold)::bigint AS hold,
          count(*) FILTER (WHERE s.cost > 0) AS entries,
          t.moved_at,
          date_trunc('month', t.moved_at AT TIME ZONE 'UTC')::date AS month
          FROM unnest(p_customers, p_costs, p_holds) s (customer_id, cost, hold)
          JOIN unnest(w_customers, w_times) t (customer_id, moved_at) USING (customer_id)
         GROUP BY 1, t.moved_at
      ) s
     WHERE w.customer_id = ANY (u_customers) AND w.customer_id = s.customer_id
    RETURNING
      w.customer_id,
      w.current_balance_cents AS balance,
      w.low_balance_cents AS threshold,
      s.cost
  )
  INSERT INTO outbox (kind, customer_id, payload)
  SELECT
    'low_balance',
    m.customer_id,
    jsonb_build_object('current_balance_cents', m.balance, 'low_balance_cents', m.threshold)
    FROM moved m
   WHERE m.balance < m.threshold AND m.balance + m.cost >= m.threshold;
END $function$
;

-- function post_entries(uuid[],entry_kind[],bigint[],text[],text[],boolean[],text)
CREATE OR REPLACE FUNCTION public.post_entries(p_customers uuid[], p_kinds entry_kind[], p_amounts bigint[], p_references text[], p_reasons text[], p_freezes boolean[], p_actor text)
 RETURNS TABLE(outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text, created_at timestamp with time zone, current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
DECLARE
  n        int;
  v_wallet wallets;
  v_entry  wallet_entries;
BEGIN
  PERFORM FROM wallets w WHERE w.customer_id = ANY (p_customers) ORDER BY w.id FOR NO KEY UPDATE;
  FOR n IN 1..cardinality(p_customers) LOOP
    v_entry := NULL;
    SELECT * INTO v_wallet FROM wallets w WHERE w.customer_id = p_customers[n];
    IF v_wallet.id IS NULL THEN
      outcome := 'unknown_customer';
    ELSE
      SELECT * INTO v_entry
        FROM wallet_entries e
       WHERE e.wallet_id = v_wallet.id AND e.reference = p_references[n];
      IF FOUND THEN
        outcome := CASE
          WHEN v_entry.kind = p_kinds[n] AND v_entry.amount_cents = p_amounts[n] THEN 'replayed'
          ELSE 'reference_reused'
        END;
      ELSIF p_kinds[n] = 'adjustment' AND p_amounts[n] < 0 AND available_cents(v_wallet) < -p_amounts[n] THEN
        outcome := 'insufficient_funds';
      ELSIF exceeds_balance_limit(v_wallet, p_amounts[n]) THEN
        outcome := 'balance_limit';
      ELSE
        outcome := 'posted';
        v_entry := append_entry(
          v_wallet,
          p_kinds[n],
          p_amounts[n],
          NULL,
          p_references[n],
          p_reasons[n],
          p_actor,
          coalesce(p_freezes[n], false)
        );
      END IF;
    END IF;
    wallet_id := v_wallet.id;
    seq := v_entry.seq;
    kind := v_entry.kind;
    amount_cents := v_entry.amount_cents;
    balance_after_cents := v_entry.balance_after_cents;
    reference := v_entry.reference;
    reason := v_entry.reason;
    actor := v_entry.actor;
    created_at := v_entry.created_at;
    current_balance_cents := v_wallet.current_balance_cents;
    pending_charges_cents := v_wallet.pending_charges_cents;
    credit_limit_cents := v_wallet.credit_limit_cents;
    RETURN NEXT;
  END LOOP;
END $function$
;

-- function post_keyed_entries(uuid[],entry_kind[],bigint[],text[],text[],boolean[],text,uuid,uuid)
CREATE OR REPLACE FUNCTION public.post_keyed_entries(p_customers uuid[], p_kinds entry_kind[], p_amounts bigint[], p_references text[], p_reasons text[], p_freezes boolean[], p_actor text, p_key uuid, p_hash uuid)
 RETURNS TABLE(outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text, created_at timestamp with time zone, current_balance_cents bigint, pending_charges_cents bigint, credit_limit_cents bigint)
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

-- function promote_due_jobs(integer)
CREATE OR REPLACE FUNCTION public.promote_due_jobs(p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_due uuid[] := array(
    SELECT s.job_id
      FROM job_schedule s
     WHERE s.run_at <= now()
     ORDER BY s.run_at
     LIMIT p_limit
       FOR UPDATE SKIP LOCKED
  );
BEGIN
  IF v_due = '{}' THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM job_schedule s
     WHERE s.job_id = ANY (v_due)
    RETURNING s.priority, s.job_id, s.customer_id
  )
  INSERT INTO job_queue (priority, job_id, customer_id)
  SELECT gone.priority, gone.job_id, gone.customer_id FROM gone;
  RETURN cardinality(v_due);
END $function$
;

-- function prune_idempotency_keys(integer,integer)
CREATE OR REPLACE FUNCTION public.prune_idempotency_keys(p_days integer, p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
DECLARE
  v_old uuid[] := array(
    SELECT i.id
      FROM idempotency_keys i
     WHERE i.created_at < now() - make_interval(days => p_days)
     LIMIT p_limit
       FOR UPDATE SKIP LOCKED
  );
BEGIN
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_old);
  RETURN cardinality(v_old);
END $function$
;

-- function prune_jobs(interval,integer,uuid)
CREATE OR REPLACE FUNCTION public.prune_jobs(p_older interval, p_limit integer, p_cursor uuid)
 RETURNS TABLE(pruned bigint, next_cursor uuid)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
DECLARE
  v_before constant timestamptz := now() - p_older;
  -- The greatest UUIDv7 of that moment.
  v_last   constant uuid := (
    lpad(to_hex(floor(extract(epoch FROM v_before) * 1000)::bigint), 12, '0') || repeat('f', 20)
  )::uuid;
  v_seen   uuid[];
  v_old    uuid[];
BEGIN
  SELECT array_agg(w.id), array_agg(w.id) FILTER (WHERE w.completed_at < v_before)
    INTO v_seen, v_old
    FROM (
      SELECT j.id, j.completed_at
        FROM jobs j
       WHERE j.id > coalesce(p_cursor, '00000000-0000-0000-0000-000000000000')
         AND j.id <= v_last
       ORDER BY j.id
       LIMIT p_limit
    ) w;
  pruned := 0;
  IF v_old IS NOT NULL THEN
    v_old := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_old) FOR UPDATE SKIP LOCKED);
    WITH gone AS (
      DELETE FROM jobs j WHERE j.id = ANY (v_old) RETURNING j.customer_id, j.cost_cents
    )
    INSERT INTO pruned_jobs AS p (customer_id, jobs, charged_jobs, charged_cents)
    SELECT
      g.customer_id,
      count(*),
      count(*) FILTER (WHERE g.cost_cents > 0),
      coalesce(sum(g.cost_cents), 0)::bigint
      FROM gone g
     GROUP BY 1
     ORDER BY 1
    ON CONFLICT (customer_id) DO UPDATE
       SET jobs = p.jobs + excluded.jobs,
           charged_jobs = p.charged_jobs + excluded.charged_jobs,
           charged_cents = p.charged_cents + excluded.charged_cents;
    pruned := cardinality(v_old);
  END IF;
  next_cursor := CASE WHEN cardinality(v_seen) = p_limit THEN v_seen[p_limit] END;
  RETURN NEXT;
END $function$
;

-- function quote_job(uuid,uuid)
CREATE OR REPLACE FUNCTION public.quote_job(p_customer uuid, p_type uuid)
 RETURNS submitted_job
 LANGUAGE plpgsql
 STABLE
AS $function$
DECLARE
  v_active boolean;
  v_type   job_types;
  v_wallet wallets;
  v_quote  submitted_job;
BEGIN
  SELECT c.active INTO v_active FROM customers c WHERE c.id = p_customer;
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
    v_quote.estimated_cost_cents := coalesce((
      SELECT o.cost_cents FROM customer_prices o WHERE o.customer_id = p_customer AND o.job_type_id = p_type
    ), v_type.standard_cost_cents);
    v_quote.max_attempts := v_type.max_attempts;
    v_quote.current_balance_cents := v_wallet.current_balance_cents;
    v_quote.pending_charges_cents := v_wallet.pending_charges_cents;
    v_quote.credit_limit_cents := v_wallet.credit_limit_cents;
    v_quote.monthly_spend_limit_cents := v_wallet.monthly_spend_limit_cents;
    v_quote.month_spent_cents := spent_this_month(v_wallet);
    v_quote.refusal := hold_refusal(v_wallet, v_quote.estimated_cost_cents);
  END IF;
  RETURN v_quote;
END $function$
;

-- function refund_job(uuid,bigint,text,text,text)
CREATE OR REPLACE FUNCTION public.refund_job(p_job uuid, p_amount_cents bigint, p_reference text, p_reason text, p_actor text)
 RETURNS TABLE(outcome text, wallet_id uuid, seq bigint, kind entry_kind, amount_cents bigint, balance_after_cents bigint, reference text, reason text, actor text, created_at timestamp with time zone, charged_cents bigint, refunded_cents bigint)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
DECLARE
  v_charge wallet_entries;
  v_wallet wallets;
  v_entry  wallet_entries;
  v_amount bigint;
BEGIN
  charged_cents := 0;
  refunded_cents := 0;
  SELECT * INTO v_charge FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'charge';
  IF NOT FOUND THEN
    outcome := CASE
      WHEN EXISTS (SELECT FROM jobs j WHERE j.id = p_job) THEN 'refund_exceeds_charge'
      ELSE 'unknown_job'
    END;
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM FROM wallets w WHERE w.id = v_charge.wallet_id FOR NO KEY UPDATE;
  SELECT * INTO v_wallet FROM wallets w WHERE w.id = v_charge.wallet_id;
  charged_cents := -v_charge.amount_cents;
  refunded_cents := coalesce((
    SELECT sum(e.amount_cents) FROM wallet_entries e WHERE e.job_id = p_job AND e.kind = 'refund'
  ), 0);
  v_amount := coalesce(p_amount_cents, charged_cents - refunded_cents);
  SELECT * INTO v_entry
    FROM wallet_entries e
   WHERE e.wallet_id = v_wallet.id AND e.reference = p_reference;
  IF FOUND THEN
    outcome := CASE
      WHEN v_entry.kind = 'refund'
       AND v_entry.job_id = p_job
       AND v_entry.amount_cents = coalesce(p_amount_cents, v_entry.amount_cents)
      THEN 'replayed'
      ELSE 'reference_reused'
    END;
  ELSIF v_amount = 0 OR v_amount > charged_cents - refunded_cents THEN
    outcome := 'refund_exceeds_charge';
  ELSIF exceeds_balance_limit(v_wallet, v_amount) THEN
    outcome := 'balance_limit';
  ELSE
    outcome := 'posted';
    v_entry := append_entry(v_wallet, 'refund', v_amount, p_job, p_reference, p_reason, p_actor, false);
  END IF;
  wallet_id := v_wallet.id;
  seq := v_entry.seq;
  kind := v_entry.kind;
  amount_cents := v_entry.amount_cents;
  balance_after_cents := v_entry.balance_after_cents;
  reference := v_entry.reference;
  reason := v_entry.reason;
  actor := v_entry.actor;
  created_at := v_entry.created_at;
  RETURN NEXT;
END $function$
;

-- function rescue_jobs(interval,integer,integer)
CREATE OR REPLACE FUNCTION public.rescue_jobs(p_lease interval, p_lost_max integer, p_leases integer)
 RETURNS TABLE(rescued bigint, more boolean)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
DECLARE
  v_leases    uuid[];
  v_runners   uuid[];
  v_jobs      uuid[];
  e_ids       uuid[];
  e_customers uuid[];
  e_holds     bigint[];
BEGIN
  IF pg_postmaster_start_time() < clock_timestamp() - p_lease THEN
    DELETE FROM runners r WHERE r.id = ANY (array(
      SELECT dead.id
        FROM runners dead
       WHERE dead.heartbeat_at < clock_timestamp() - p_lease
         FOR UPDATE SKIP LOCKED
    ));
  END IF;
  -- Nobody is left to hear these.
  DELETE FROM cancellations c WHERE c.runner_id <> ALL (array(SELECT r.id FROM runners r));

  SELECT array_agg(l.id), array_agg(l.runner_id)
    INTO v_leases, v_runners
    FROM (
      SELECT l.id, l.runner_id
        FROM leases l
       WHERE l.runner_id <> ALL (array(SELECT r.id FROM runners r))
       ORDER BY l.id
       LIMIT p_leases
         FOR UPDATE SKIP LOCKED
    ) l;
  IF v_leases IS NULL THEN
    RETURN QUERY SELECT 0::bigint, false;
    RETURN;
  END IF;
  v_jobs := array(SELECT DISTINCT unnest(l.job_ids) FROM leases l WHERE l.id = ANY (v_leases));
  PERFORM FROM jobs j WHERE j.id = ANY (v_jobs) ORDER BY j.id FOR NO KEY UPDATE;

  WITH lost AS (
    UPDATE jobs j
       SET lost_runners = j.lost_runners + 1,
           excused_attempts = j.excused_attempts + 1,
           status = CASE
             WHEN j.lost_runners + 1 >= p_lost_max THEN 'failed'::job_status
             ELSE 'pending'
           END,
           completed_at = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN now() END,
           error = CASE WHEN j.lost_runners + 1 >= p_lost_max THEN c_lost END,
           errors = append_error(j.errors, c_lost, j.attempt, j.runner_id)
      FROM (VALUES
             ('{"code": "runner_lost", "message": "The runner that worked on it is gone."}'::jsonb)
           ) c (c_lost)
     WHERE j.id = ANY (v_jobs) AND j.status = 'running' AND j.runner_id = ANY (v_runners)
    RETURNING j.id, j.customer_id, j.priority, j.status, j.estimated_cost_cents
  ), queued AS (
    INSERT INTO job_queue (priority, job_id, customer_id)
    SELECT lost.priority, lost.id, lost.customer_id FROM lost WHERE lost.status = 'pending'
  )
  SELECT
    count(*),
    array_agg(lost.id) FILTER (WHERE lost.status = 'failed'),
    array_agg(lost.customer_id) FILTER (WHERE lost.status = 'failed'),
    array_agg(lost.estimated_cost_cents) FILTER (WHERE lost.status = 'failed')
    INTO rescued, e_ids, e_customers, e_holds
    FROM lost;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(
      e_ids,
      e_customers,
      array_fill(0::bigint, ARRAY[cardinality(e_ids)]),
      e_holds
    );
  END IF;
  DELETE FROM leases l WHERE l.id = ANY (v_leases);
  more := cardinality(v_leases) = p_leases;
  RETURN NEXT;
END $function$
;

-- function seal_wallets(integer,integer,uuid)
CREATE OR REPLACE FUNCTION public.seal_wallets(p_wallets integer, p_entries integer, p_cursor uuid)
 RETURNS uuid
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_wallet record;
  v_seen   int := 0;
  v_cursor uuid := coalesce(p_cursor, '00000000-0000-0000-0000-000000000000');
  v_left   bigint := p_entries;
  v_sealed bigint;
  v_last   bigint;
  v_hash   bytea;
  v_link   bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('seal_wallets')) THEN
    RETURN NULL;
  END IF;
  v_link := coalesce((SELECT max(s.link) FROM wallet_seals s), 0);
  FOR v_wallet IN
    SELECT w.id, w.last_entry_seq, coalesce(s.last_seq, 0) AS sealed_seq, s.hash
      FROM (
        SELECT w.id, w.last_entry_seq FROM wallets w WHERE w.id > v_cursor ORDER BY w.id LIMIT p_wallets
      ) w
      LEFT JOIN LATERAL (
        SELECT s.last_seq, s.hash
          FROM wallet_seals s
         WHERE s.wallet_id = w.id
         ORDER BY s.last_seq DESC
         LIMIT 1
      ) s ON true
     ORDER BY w.id
  LOOP
    v_sealed := v_wallet.sealed_seq;
    IF v_sealed < v_wallet.last_entry_seq THEN
      v_last := least(v_wallet.last_entry_seq, v_sealed + v_left);
      v_hash := hash_entries(v_wallet.id, v_sealed + 1, v_last, v_wallet.hash);
      v_link := v_link + 1;
      v_left := v_left - (v_last - v_sealed);
      INSERT INTO wallet_seals (link, wallet_id, first_seq, last_seq, hash)
      VALUES (v_link, v_wallet.id, v_sealed + 1, v_last, v_hash);
      IF v_last < v_wallet.last_entry_seq THEN
        RETURN v_cursor;  -- the rest of this wallet comes with the next call
      END IF;
    END IF;
    v_seen := v_seen + 1;
    v_cursor := v_wallet.id;
    IF v_left = 0 THEN
      RETURN v_cursor;
    END IF;
  END LOOP;
  RETURN CASE WHEN v_seen = p_wallets THEN v_cursor END;
END $function$
;

-- function settle_jobs(uuid[],integer[],attempt_outcome[],bigint[],jsonb[],jsonb[],bigint[],uuid[])
CREATE OR REPLACE FUNCTION public.settle_jobs(p_ids uuid[], p_attempts integer[], p_outcomes attempt_outcome[], p_costs bigint[], p_outputs jsonb[], p_errors jsonb[], p_delays_ms bigint[], p_done uuid[])
 RETURNS TABLE(job_id uuid, refused_attempt integer, status job_status, attempt integer, rescued boolean)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  e_ids       uuid[];      -- ended
  e_customers uuid[];
  e_costs     bigint[];
  e_holds     bigint[];
  w_ids       uuid[];      -- wait again
  s_ids       uuid[];      -- written
  s_attempts  int[];
BEGIN
  PERFORM FROM jobs j WHERE j.id = ANY (p_ids) ORDER BY j.id FOR NO KEY UPDATE;

  WITH settled AS (
    UPDATE jobs j
       SET status = CASE
             WHEN d.outcome IN ('retry', 'released') THEN 'pending'::job_status
             ELSE d.outcome::text::job_status
           END,
           completed_at = CASE WHEN d.outcome NOT IN ('retry', 'released') THEN now() END,
           cost_cents = CASE WHEN d.outcome = 'succeeded' THEN
             greatest(0, least(coalesce(d.cost, j.estimated_cost_cents), j.estimated_cost_cents))
           END,
           output_data = d.output,
           excused_attempts = j.excused_attempts + CASE WHEN d.outcome = 'released' THEN 1 ELSE 0 END,
           run_at = CASE
             WHEN d.outcome = 'retry' THEN now() + coalesce(d.delay_ms, 0) * interval '1 millisecond'
             ELSE j.run_at
           END,
           error = CASE WHEN d.outcome = 'failed' THEN d.error END,
           errors = CASE
             WHEN d.error IS NULL THEN j.errors
             ELSE append_error(j.errors, d.error, j.attempt, j.runner_id)
           END
      FROM unnest(p_ids, p_attempts, p_outcomes, p_costs, p_outputs, p_errors, p_delays_ms)
             d (id, attempt, outcome, cost, output, error, delay_ms)
     WHERE j.id = ANY (p_ids) AND j.id = d.id AND j.status = 'running' AND j.attempt = d.attempt
    RETURNING j.id, j.attempt, j.customer_id, j.status, j.cost_cents, j.estimated_cost_cents
  )
  SELECT
    array_agg(id) FILTER (WHERE status <> 'pending'),
    array_agg(customer_id) FILTER (WHERE status <> 'pending'),
    array_agg(coalesce(cost_cents, 0)) FILTER (WHERE status <> 'pending'),
    array_agg(estimated_cost_cents) FILTER (WHERE status <> 'pending'),
    array_agg(id) FILTER (WHERE status = 'pending'),
    array_agg(id),
    array_agg(attempt)
    INTO e_ids, e_customers, e_costs, e_holds, w_ids, s_ids, s_attempts
    FROM settled;

  IF w_ids IS NOT NULL THEN
    WITH waiting AS MATERIALIZED (
      SELECT j.id, j.priority, j.customer_id, j.run_at, j.run_at > now() AS later
        FROM jobs j
       WHERE j.id = ANY (w_ids)
    ), scheduled AS (
      INSERT INTO job_schedule (job_id, priority, customer_id, run_at)
      SELECT id, priority, customer_id, run_at FROM waiting WHERE later
    )
    INSERT INTO job_queue (priority, job_id, customer_id)
    SELECT priority, id, customer_id FROM waiting WHERE NOT later;
  END IF;
  IF e_ids IS NOT NULL THEN
    PERFORM post_charges(e_ids, e_customers, e_costs, e_holds);
  END IF;
  IF p_done IS NOT NULL THEN
    -- A rescuer holds leases while it waits for our jobs. Waiting for it here would close the circle.
    DELETE FROM leases l
     WHERE l.id = ANY (array(SELECT d.id FROM leases d WHERE d.id = ANY (p_done) FOR UPDATE SKIP LOCKED));
  END IF;
  IF coalesce(cardinality(s_ids), 0) < cardinality(p_ids) THEN
    RETURN QUERY
    SELECT
      j.id,
      r.attempt,
      j.status,
      j.attempt,
      coalesce(
        j.errors -> -1 @> jsonb_build_object('code', 'runner_lost', 'attempt', r.attempt),
        false
      )
      FROM (
        SELECT d.id, d.attempt FROM unnest(p_ids, p_attempts) d (id, attempt)
        EXCEPT ALL
        SELECT s.id, s.attempt FROM unnest(s_ids, s_attempts) s (id, attempt)
      ) r
      JOIN jobs j ON j.id = ANY (p_ids) AND j.id = r.id;
  END IF;
END $function$
;

-- function spent_this_month(wallets)
CREATE OR REPLACE FUNCTION public.spent_this_month(w wallets)
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE
    WHEN w.spend_month >= date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN w.month_spent_cents
    ELSE 0
  END
$function$
;

-- function stamp_backlog(smallint,integer,uuid)
CREATE OR REPLACE FUNCTION public.stamp_backlog(p_priority smallint, p_limit integer, p_after uuid)
 RETURNS TABLE(job_id uuid, next_cursor uuid)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  v_turns record;
BEGIN
  v_turns := take_turns(p_priority, p_limit, p_after, 0);
  WITH backlog AS (
    DELETE FROM job_queue q
     WHERE q.priority = p_priority AND q.job_id = ANY (v_turns.job_ids)
    RETURNING q.job_id, q.customer_id, q.waits_since
  )
  INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at, waits_since)
  SELECT p_priority, backlog.job_id, backlog.customer_id, clock_timestamp(), backlog.waits_since
    FROM backlog;
  RETURN QUERY SELECT t.id, v_turns.next_cursor FROM unnest(v_turns.job_ids) t (id);
END $function$
;

-- function start_jobs(uuid[],uuid,uuid)
CREATE OR REPLACE FUNCTION public.start_jobs(p_ids uuid[], p_runner uuid, p_lease uuid)
 RETURNS SETOF claimed_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_paused uuid[] := array(SELECT t.id FROM job_types t WHERE t.paused_at IS NOT NULL);
BEGIN
  PERFORM FROM runners r WHERE r.id = p_runner FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'runner % is not registered', p_runner
      USING ERRCODE = 'no_data_found', CONSTRAINT = 'runner_registered';
  END IF;
  IF v_paused <> '{}' THEN
    INSERT INTO job_parked (job_id, priority, customer_id, job_type_id)
    SELECT j.id, j.priority, j.customer_id, j.job_type_id
      FROM jobs j
     WHERE j.id = ANY (p_ids) AND j.status = 'pending' AND j.job_type_id = ANY (v_paused);
  END IF;
  INSERT INTO leases (id, runner_id, job_ids) VALUES (p_lease, p_runner, p_ids);
  RETURN QUERY
  UPDATE jobs j
     SET status = 'running',
         started_at = now(),
         attempt = j.attempt + 1,
         runner_id = p_runner
   WHERE j.id = ANY (p_ids)
     AND j.status = 'pending'
     AND (v_paused = '{}' OR j.job_type_id <> ALL (v_paused))
  RETURNING
    j.id,
    j.customer_id,
    j.job_type_id,
    j.priority,
    j.input_data,
    j.estimated_cost_cents,
    j.attempt,
    j.max_attempts,
    j.excused_attempts;
  IF NOT FOUND THEN
    DELETE FROM leases l WHERE l.id = p_lease;
  END IF;
END $function$
;

-- function submit_jobs(uuid[],uuid[],uuid[],smallint[],jsonb[],timestamp with time zone[],smallint[],uuid[],boolean[])
CREATE OR REPLACE FUNCTION public.submit_jobs(p_ids uuid[], p_customers uuid[], p_types uuid[], p_priorities smallint[], p_inputs jsonb[], p_run_at timestamp with time zone[], p_max_attempts smallint[], p_retry_of uuid[], p_room boolean[])
 RETURNS SETOF submitted_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  u_customers uuid[] := array(SELECT DISTINCT c FROM unnest(p_customers) c);
  u_types     uuid[];
  -- A quote for each customer and type.
  q_customers uuid[];
  q_types     uuid[];
  q_costs     bigint[];
  q_tries     smallint[];
  q_jobs      bigint[];
  q_firsts    bigint[];  -- place of its first job in the batch
  v_quoted    bigint;
  n           int;
  v_job       submitted_job;
BEGIN
  -- A single job is quicker one by one.
  IF cardinality(p_ids) > 1 THEN
    -- Prices, and whether every wallet could pay, without a lock.
    u_types := array(SELECT DISTINCT t FROM unnest(p_types) t);
    SELECT array_agg(r.customer_id),
           array_agg(r.job_type_id),
           array_agg(coalesce(o.cost_cents, t.standard_cost_cents)),
           array_agg(t.max_attempts),
           array_agg(r.jobs),
           array_agg(r.first),
           sum(r.jobs)
      INTO q_customers, q_types, q_costs, q_tries, q_jobs, q_firsts, v_quoted
      FROM (
        SELECT r.customer_id, r.job_type_id, count(*) AS jobs, min(r.nth) AS first
          FROM unnest(p_customers, p_types) WITH ORDINALITY r (customer_id, job_type_id, nth)
         GROUP BY 1, 2
      ) r
      JOIN job_types t ON t.id = ANY (u_types) AND t.id = r.job_type_id AND t.enabled
      JOIN customers c ON c.id = ANY (u_customers) AND c.id = r.customer_id AND c.active
      LEFT JOIN customer_prices o
        ON o.customer_id = ANY (u_customers)
       AND o.job_type_id = ANY (u_types)
       AND o.customer_id = r.customer_id
       AND o.job_type_id = r.job_type_id;

    IF v_quoted = cardinality(p_ids) AND cardinality(u_customers) = (
      SELECT count(*)
        FROM wallets w
        JOIN (
          SELECT q.customer_id, sum(q.cost * q.jobs)::bigint AS cents
            FROM unnest(q_customers, q_costs, q_jobs) q (customer_id, cost, jobs)
           GROUP BY 1
        ) need USING (customer_id)
       WHERE w.customer_id = ANY (u_customers) AND hold_refusal(w, need.cents) IS NULL
    )
    THEN
      BEGIN
        INSERT INTO jobs (
          id,
          customer_id,
          job_type_id,
          priority,
          input_data,
          estimated_cost_cents,
          max_attempts,
          run_at,
          retry_of
        )
        SELECT r.id,
               r.customer_id,
               r.job_type_id,
               r.priority,
               r.input,
               q.cost,
               coalesce(r.tries, q.tries),
               coalesce(r.later, now()),
               r.retry_of
          FROM unnest(
                 p_ids, p_customers, p_types, p_priorities, p_inputs, p_run_at, p_max_attempts, p_retry_of
               ) r (id, customer_id, job_type_id, priority, input, later, tries, retry_of)
          JOIN unnest(q_customers, q_types, q_costs, q_tries) q (customer_id, job_type_id, cost, tries)
         USING (customer_id, job_type_id);

        INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
        SELECT r.priority, r.id, r.customer_id, CASE WHEN p_room[r.priority + 1] THEN now() END
          FROM unnest(p_priorities, p_ids, p_customers, p_run_at) r (priority, id, customer_id, later)
         WHERE coalesce(r.later <= now(), true);

        IF p_run_at IS NOT NULL THEN
          INSERT INTO job_schedule (job_id, priority, customer_id, run_at)
          SELECT r.id, r.priority, r.customer_id, r.later
            FROM unnest(p_priorities, p_ids, p_customers, p_run_at) r (priority, id, customer_id, later)
           WHERE r.later > now();
        END IF;

        -- The order keeps this free of deadlocks. The statement after it sees the wallets as they are now.
        PERFORM
           FROM wallets w
          WHERE w.customer_id = ANY (u_customers)
          ORDER BY w.id
            FOR NO KEY UPDATE;
        UPDATE wallets w
           SET pending_charges_cents = w.pending_charges_cents + need.cents,
               updated_at = greatest(w.updated_at, clock_timestamp())
          FROM (
            SELECT q.customer_id, sum(q.cost * q.jobs)::bigint AS cents
              FROM unnest(q_customers, q_costs, q_jobs) q (customer_id, cost, jobs)
             GROUP BY 1
          ) need
         WHERE w.customer_id = ANY (u_customers)
           AND w.customer_id = need.customer_id
           AND hold_refusal(w, need.cents) IS NULL;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n < cardinality(u_customers) THEN
          RAISE EXCEPTION 'a wallet was spent meanwhile' USING ERRCODE = 'IEP01';
        END IF;

        v_job.created_at := now();
        IF p_run_at IS NULL AND p_max_attempts IS NULL THEN
          v_job.run_at := now();
          FOR n IN 1..cardinality(q_firsts) LOOP
            v_job.job_id := p_ids[q_firsts[n]];
            v_job.estimated_cost_cents := q_costs[n];
            v_job.max_attempts := q_tries[n];
            RETURN NEXT v_job;
          END LOOP;
          RETURN;
        END IF;
        FOR v_job.job_id, v_job.estimated_cost_cents, v_job.max_attempts, v_job.run_at, v_job.due IN
          SELECT r.id,
                 q.cost,
                 coalesce(r.tries, q.tries),
                 coalesce(r.later, now()),
                 coalesce(r.later <= now(), true)
            FROM unnest(p_ids, p_customers, p_types, p_run_at, p_max_attempts)
                   r (id, customer_id, job_type_id, later, tries)
            JOIN unnest(q_customers, q_types, q_costs, q_tries) q (customer_id, job_type_id, cost, tries)
           USING (customer_id, job_type_id)
        LOOP
          RETURN NEXT v_job;
        END LOOP;
        RETURN;
      EXCEPTION
        WHEN SQLSTATE 'IEP01' THEN NULL;  -- all of the batch is rolled back
      END;
    END IF;
  END IF;

  -- One by one, exact: somebody may be unable to pay for everything, or something is unknown.
  PERFORM FROM wallets w WHERE w.customer_id = ANY (u_customers) ORDER BY w.id FOR NO KEY UPDATE;
  FOR n IN 1..cardinality(p_ids) LOOP
    v_job := quote_job(p_customers[n], p_types[n]);
    v_job.job_id := p_ids[n];
    v_job.max_attempts := coalesce(p_max_attempts[n], v_job.max_attempts);
    v_job.created_at := now();
    v_job.run_at := coalesce(p_run_at[n], now());
    v_job.due := v_job.run_at <= now();
    IF v_job.refusal IS NULL THEN
      INSERT INTO jobs (
        id,
        customer_id,
        job_type_id,
        priority,
        input_data,
        estimated_cost_cents,
        max_attempts,
        run_at,
        retry_of
      )
      VALUES (
        p_ids[n],
        p_customers[n],
        p_types[n],
        p_priorities[n],
        p_inputs[n],
        v_job.estimated_cost_cents,
        v_job.max_attempts,
        v_job.run_at,
        p_retry_of[n]
      );
      IF v_job.due THEN
        INSERT INTO job_queue (priority, job_id, customer_id, enqueued_at)
        VALUES (
          p_priorities[n],
          p_ids[n],
          p_customers[n],
          CASE WHEN p_room[p_priorities[n] + 1] THEN now() END
        );
      ELSE
        INSERT INTO job_schedule (job_id, priority, customer_id, run_at)
        VALUES (p_ids[n], p_priorities[n], p_customers[n], v_job.run_at);
      END IF;
      UPDATE wallets w
         SET pending_charges_cents = w.pending_charges_cents + v_job.estimated_cost_cents,
             updated_at = greatest(w.updated_at, clock_timestamp())
       WHERE w.customer_id = p_customers[n];
    END IF;
    -- A refused job may be there already: an earlier call stored it and its reply was lost. Its own hold uses
    -- up the balance, so a second hold is refused. It gets no row; the caller looks the job up by its id.
    CONTINUE WHEN v_job.refusal IS NOT NULL AND EXISTS (SELECT FROM jobs j WHERE j.id = p_ids[n]);
    RETURN NEXT v_job;
  END LOOP;
END $function$
;

-- function submit_keyed_jobs(uuid[],uuid[],uuid[],smallint[],jsonb[],timestamp with time zone[],smallint[],uuid[],boolean[],uuid[],uuid[],integer[])
CREATE OR REPLACE FUNCTION public.submit_keyed_jobs(p_ids uuid[], p_customers uuid[], p_types uuid[], p_priorities smallint[], p_inputs jsonb[], p_run_at timestamp with time zone[], p_max_attempts smallint[], p_retry_of uuid[], p_room boolean[], p_keys uuid[], p_hashes uuid[], p_items integer[])
 RETURNS SETOF submitted_job
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_keys      uuid[] := array(SELECT DISTINCT k FROM unnest(p_keys) k WHERE k IS NOT NULL);
  v_fresh     int[];   -- places in the batch
  v_reused    int[];
  v_other     int[];
  v_fresh_ids uuid[];
  v_stored    uuid[];
  v_locked    int;
  v_job       submitted_job;
BEGIN
  INSERT INTO idempotency_keys (id, request_hash)
  SELECT DISTINCT ON (k.id) k.id, k.hash
    FROM unnest(p_keys, p_hashes) WITH ORDINALITY k (id, hash, n)
   WHERE k.id IS NOT NULL
   ORDER BY k.id, k.n
  ON CONFLICT (id) DO NOTHING;
  PERFORM FROM idempotency_keys i WHERE i.id = ANY (v_keys) ORDER BY i.id FOR UPDATE;
  GET DIAGNOSTICS v_locked = ROW_COUNT;
  IF v_locked < cardinality(v_keys) THEN
    RAISE EXCEPTION 'an idempotency key went while it was taken' USING ERRCODE = 'serialization_failure';
  END IF;

  SELECT
    array_agg(q.n ORDER BY q.n) FILTER (WHERE q.verdict = 'fresh'),
    array_agg(q.n) FILTER (WHERE q.verdict = 'reused'),
    array_agg(q.n) FILTER (WHERE q.verdict = 'made')
    INTO v_fresh, v_reused, v_other
    FROM (
      SELECT
        r.n,
        CASE
          WHEN r.key IS NULL THEN 'fresh'
          WHEN i.request_hash <> r.hash THEN 'reused'
          WHEN i.subjects[r.item + 1] IS NOT NULL OR r.nth > 1 THEN 'made'
          ELSE 'fresh'
        END AS verdict
        FROM (
          SELECT
            k.key,
            k.hash,
            k.item,
            k.n,
            row_number() OVER (PARTITION BY k.key, k.hash, k.item ORDER BY k.n) AS nth
            FROM unnest(p_keys, p_hashes, p_items) WITH ORDINALITY k (key, hash, item, n)
        ) r
        LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key
    ) q;

  IF v_fresh IS NOT NULL THEN
    v_fresh_ids := array(SELECT p_ids[n] FROM unnest(v_fresh) n);
    RETURN QUERY
    SELECT *
      FROM submit_jobs(
        v_fresh_ids,
        array(SELECT p_customers[n] FROM unnest(v_fresh) n),
        array(SELECT p_types[n] FROM unnest(v_fresh) n),
        array(SELECT p_priorities[n] FROM unnest(v_fresh) n),
        array(SELECT p_inputs[n] FROM unnest(v_fresh) n),
        array(SELECT p_run_at[n] FROM unnest(v_fresh) n),
        array(SELECT p_max_attempts[n] FROM unnest(v_fresh) n),
        array(SELECT p_retry_of[n] FROM unnest(v_fresh) n),
        p_room
      );
    v_stored := array(SELECT j.id FROM jobs j WHERE j.id = ANY (v_fresh_ids));
    UPDATE idempotency_keys i
       SET subjects = (
             SELECT array_agg(coalesce(i.subjects[place], made.job) ORDER BY place)
               FROM generate_series(1, greatest(cardinality(i.subjects), m.last + 1)) place
               LEFT JOIN unnest(m.items, m.jobs) made (item, job) ON made.item + 1 = place
           )
      FROM (
        SELECT k.key, array_agg(k.item) AS items, array_agg(k.job) AS jobs, max(k.item) AS last
          FROM unnest(p_keys, p_items, p_ids) k (key, item, job)
         WHERE k.job = ANY (v_stored)
         GROUP BY 1
      ) m
     WHERE i.id = ANY (v_keys) AND i.id = m.key;
  END IF;
  DELETE FROM idempotency_keys i WHERE i.id = ANY (v_keys) AND i.subjects = '{}';

  IF v_reused IS NOT NULL THEN
    FOR v_job.job_id IN SELECT p_ids[n] FROM unnest(v_reused) n LOOP
      v_job.refusal := 'idempotency_key_reused';
      RETURN NEXT v_job;
    END LOOP;
  END IF;
  IF v_other IS NOT NULL THEN
    v_job := NULL;
    v_job.due := false;
    FOR v_job.job_id, v_job.refusal, v_job.replay_of IN
      SELECT
        p_ids[r.n],
        CASE WHEN i.subjects[r.item + 1] IS NULL THEN 'twin_refused' END,
        i.subjects[r.item + 1]
        FROM (SELECT n, p_keys[n] AS key, p_items[n] AS item FROM unnest(v_other) n) r
        LEFT JOIN idempotency_keys i ON i.id = ANY (v_keys) AND i.id = r.key
    LOOP
      RETURN NEXT v_job;
    END LOOP;
  END IF;
END $function$
;

-- function take_idempotency_key(uuid,uuid)
CREATE OR REPLACE FUNCTION public.take_idempotency_key(p_id uuid, p_hash uuid)
 RETURNS uuid[]
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_key idempotency_keys;
BEGIN
  LOOP
    INSERT INTO idempotency_keys (id, request_hash) VALUES (p_id, p_hash) ON CONFLICT (id) DO NOTHING;
    SELECT * INTO v_key FROM idempotency_keys i WHERE i.id = p_id FOR UPDATE;
    -- Otherwise it expired in between, or a twin whose request was refused has deleted it.
    EXIT WHEN FOUND;
  END LOOP;
  IF v_key.request_hash <> p_hash THEN
    RAISE EXCEPTION 'the idempotency key stands for another request'
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'idempotency_key_reused';
  END IF;
  RETURN v_key.subjects;
END $function$
;

-- function take_turns(smallint,integer,uuid,integer)
CREATE OR REPLACE FUNCTION public.take_turns(p_priority smallint, p_limit integer, p_after uuid, p_apart integer, OUT job_ids uuid[], OUT next_cursor uuid)
 RETURNS record
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_nestloop TO 'on'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  c_zero   constant uuid := '00000000-0000-0000-0000-000000000000';
  v_after  constant uuid := coalesce(p_after, c_zero);
  v_alone  boolean;
  v_served uuid[] := '{}';
  v_turns  uuid[];
  v_rest   int;
BEGIN
  job_ids := '{}';
  FOREACH v_alone IN ARRAY CASE WHEN p_apart > 0 THEN '{true,false}' ELSE '{false}' END::boolean[] LOOP
    v_rest := p_limit - cardinality(job_ids);
    EXIT WHEN v_rest <= 0;
    v_turns := array(
      -- From the cursor to the end, then from the start to the cursor. c_zero is where it wraps.
      WITH RECURSIVE ring (customer_id, wrapped) AS (
        SELECT NULL::uuid, false
        UNION ALL
        SELECT coalesce(next.customer_id, c_zero), ring.wrapped OR next.customer_id IS NULL
          FROM ring
          LEFT JOIN LATERAL (
            SELECT q.customer_id
              FROM job_queue q
             WHERE q.priority = p_priority
               AND q.enqueued_at IS NULL
               AND q.customer_id > coalesce(ring.customer_id, v_after)
             ORDER BY q.customer_id
             LIMIT 1
          ) next ON true
         WHERE NOT ring.wrapped OR next.customer_id <= v_after
      )
      SELECT ring.customer_id
        FROM ring
       WHERE CASE
               WHEN ring.customer_id IS NULL OR ring.customer_id = c_zero THEN false
               WHEN v_alone THEN
                 pg_try_advisory_xact_lock(hashtext('take_turns'), uuid_hash(ring.customer_id))
               ELSE ring.customer_id <> ALL (v_served)
             END
       LIMIT CASE WHEN v_alone THEN least(p_apart, v_rest) ELSE v_rest END
    );
    CONTINUE WHEN v_turns = '{}';
    v_served := v_turns;
    next_cursor := v_turns[cardinality(v_turns)];
    job_ids := job_ids || array(
      SELECT turn.job_id
        FROM (
          SELECT q.job_id, row_number() OVER (PARTITION BY c.ord) AS nth
            FROM unnest(v_turns) WITH ORDINALITY c (id, ord)
           CROSS JOIN LATERAL (
              SELECT q.job_id
                FROM job_queue q
               WHERE q.priority = p_priority AND q.enqueued_at IS NULL AND q.customer_id = c.id
               ORDER BY q.customer_id, q.job_id
               LIMIT ceil(v_rest::numeric / cardinality(v_turns))
                 FOR UPDATE SKIP LOCKED
            ) q
           LIMIT v_rest
        ) turn
       ORDER BY turn.nth
    );
  END LOOP;
END $function$
;

-- function unpark_jobs(integer)
CREATE OR REPLACE FUNCTION public.unpark_jobs(p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_ids uuid[] := array(
    SELECT k.job_id
      FROM job_parked k
      JOIN job_types t ON t.id = k.job_type_id
     WHERE t.paused_at IS NULL
     LIMIT p_limit
       FOR UPDATE OF k SKIP LOCKED
  );
BEGIN
  WITH gone AS (
    DELETE FROM job_parked k
     WHERE k.job_id = ANY (v_ids)
    RETURNING k.priority, k.job_id, k.customer_id
  )
  INSERT INTO job_queue (priority, job_id, customer_id)
  SELECT gone.priority, gone.job_id, gone.customer_id FROM gone;
  RETURN cardinality(v_ids);
END $function$
;

-- function unstamp_lost_jobs(smallint,interval,uuid[])
CREATE OR REPLACE FUNCTION public.unstamp_lost_jobs(p_priority smallint, p_older interval, p_present uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  v_lost uuid[] := array(
    SELECT q.job_id
      FROM job_queue q
      LEFT JOIN unnest(p_present) p (id) ON p.id = q.job_id
     WHERE q.priority = p_priority AND q.enqueued_at < now() - p_older AND p.id IS NULL
       FOR UPDATE OF q SKIP LOCKED
  );
BEGIN
  UPDATE job_queue q SET enqueued_at = NULL WHERE q.priority = p_priority AND q.job_id = ANY (v_lost);
  RETURN cardinality(v_lost);
END $function$
;
