import {
  ALONE_TOGETHER_MAX,
  AMOUNT_CENTS_MAX,
  ATTEMPTS_MAX,
  BACKLOG_CUSTOMERS_APART,
  BALANCE_CENTS_MAX,
  EMAIL_LENGTH_MAX,
  ERRORS_KEPT_MAX,
  NAME_LENGTH_MAX,
  PROCESSOR_ID_LENGTH_MAX,
  REASON_LENGTH_MAX,
  REFERENCE_LENGTH_MAX,
  RUNNING_LIMIT_MAX,
  TIMEOUT_MAX_SECONDS,
  WEBHOOK_ANSWERS_MAX,
  WEBHOOK_BATCH_JOBS_MAX,
  WEBHOOK_DESCRIPTION_MAX,
  WEBHOOK_ENDPOINTS_LOOKED_AT,
  WEBHOOK_URL_LENGTH_MAX,
  TRACESTATE_LENGTH_MAX,
  WAITING_LIMIT_MAX,
  WEIGHT_MAX,
} from "../src/core/model/limits.ts";

/** One limit, as its name and value. */
type NamedLimit = Readonly<Record<string, number>>;

/** The CHECK constraints that repeat a limit, which test/house/limits.test.ts compares with the catalog. */
export const CHECKED_LIMITS: Readonly<Record<string, NamedLimit>> = {
  api_keys_name_check: { NAME_LENGTH_MAX },
  begun_actions_operator_name_check: { NAME_LENGTH_MAX },
  customer_prices_cost_cents_check: { AMOUNT_CENTS_MAX },
  customers_email_check: { EMAIL_LENGTH_MAX },
  customers_name_check: { NAME_LENGTH_MAX },
  customers_running_limit_check: { RUNNING_LIMIT_MAX },
  customers_waiting_limit_check: { WAITING_LIMIT_MAX },
  customers_weight_check: { WEIGHT_MAX },
  job_traces_tracestate: { TRACESTATE_LENGTH_MAX },
  erasures_actor_check: { NAME_LENGTH_MAX },
  job_types_max_attempts_check: { ATTEMPTS_MAX },
  job_types_name_check: { NAME_LENGTH_MAX },
  job_types_processing_logic_id_check: { PROCESSOR_ID_LENGTH_MAX },
  job_types_running_limit_check: { RUNNING_LIMIT_MAX },
  job_types_timeout_seconds_check: { TIMEOUT_MAX_SECONDS },
  jobs_max_attempts_check: { ATTEMPTS_MAX },
  operator_actions_operator_name_check: { NAME_LENGTH_MAX },
  operators_name_check: { NAME_LENGTH_MAX },
  wallet_entries_actor_check: { NAME_LENGTH_MAX },
  wallet_entries_balance_after_cents_check: { BALANCE_CENTS_MAX },
  wallet_entries_reason_check: { REASON_LENGTH_MAX },
  wallet_entries_reference_check: { REFERENCE_LENGTH_MAX },
  wallets_balance_limit: { BALANCE_CENTS_MAX },
  wallets_credit_limit_cents_check: { AMOUNT_CENTS_MAX },
  wallets_low_balance_cents_check: { AMOUNT_CENTS_MAX },
  wallets_monthly_spend_limit_cents_check: { AMOUNT_CENTS_MAX },
  webhook_endpoints_description_check: { WEBHOOK_DESCRIPTION_MAX },
  webhook_endpoints_url_check: { WEBHOOK_URL_LENGTH_MAX },
};

/** The functions of the database that repeat a limit. */
export const LIMITS_OF_FUNCTIONS: Readonly<Record<string, NamedLimit>> = {
  add_job_events: { WEBHOOK_BATCH_JOBS_MAX },
  append_error: { ERRORS_KEPT_MAX },
  claim_webhooks: { WEBHOOK_ENDPOINTS_LOOKED_AT },
  claim_next: { BACKLOG_CUSTOMERS_APART },
  exceeds_balance_limit: { BALANCE_CENTS_MAX },
  settle_webhooks: { WEBHOOK_ANSWERS_MAX },
  take_alone: { ALONE_TOGETHER_MAX },
};
