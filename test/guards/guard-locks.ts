import type { LockGuard } from "./guard-database.ts";
import {
  HASH,
  KEY,
  cancel,
  post,
  refund,
  settle,
  submit,
  submitAlone,
  submitKeyed,
} from "./guard-attacks.ts";

const WALLETS_BY_CUSTOMER =
  "PERFORM FROM wallets w WHERE w.customer_id = ANY (p_customers) ORDER BY w.id FOR NO KEY UPDATE;";

/**
 * Locks, and what is looked at again under them, whose loss shows. Where the guarded statement looks again after it has waited (submit, settle,
 * claim), the lock itself only keeps the order.
 */
export const LOCKS: readonly LockGuard[] = [
  {
    name: "post_entries: one at a time moves a wallet",
    removal: { function: "post_entries", clause: WALLETS_BY_CUSTOMER, replacement: "" },
    first: ({ customer }) => post(customer, "top_up", "5", "x"),
    second: ({ customer }) => post(customer, "top_up", "7", "y"),
    guarded: "posted",
    unguarded: "wallet_entries_pkey",
  },
  {
    name: "refund_job: one at a time gives back",
    removal: {
      function: "refund_job",
      clause: "PERFORM FROM wallets w WHERE w.id = v_charge.wallet_id FOR NO KEY UPDATE;",
      replacement: "",
    },
    first: ({ succeeded }) => refund(succeeded, "6", "x"),
    second: ({ succeeded }) => refund(succeeded, "6", "y"),
    guarded: "refund_exceeds_charge",
    unguarded: "wallet_entries_pkey",
  },
  {
    name: "post_charges: one at a time charges a wallet",
    removal: {
      function: "post_charges",
      clause: "ORDER BY w.id FOR NO KEY UPDATE",
      replacement: "ORDER BY w.id",
    },
    first: ({ customer }) => post(customer, "top_up", "5", "x"),
    second: ({ running }) => settle(running, 1, "succeeded"),
    guarded: "succeeded, cost 10",
    unguarded: "wallet_entries_pkey",
  },
  {
    name: "submit_jobs: what was spent while a batch waited is seen",
    removal: {
      function: "submit_jobs",
      clause: " AND hold_refusal(w, need.cents) IS NULL;",
      replacement: ";",
    },
    first: ({ customer, type }) => submit(customer, type, 4),
    second: ({ customer, type }) => submit(customer, type, 4),
    guarded: "stored at 10, stored at 10, stored at 10, insufficient_funds",
    unguarded: "wallets_not_overspent",
  },
  {
    name: "submit_jobs: without its hold nothing of a batch stays",
    removal: {
      function: "submit_jobs",
      clause: "IF n < cardinality(u_customers) THEN",
      replacement: "IF false THEN",
    },
    first: ({ customer, type }) => submit(customer, type, 4),
    second: ({ customer, type }) => submit(customer, type, 4),
    guarded: "stored at 10, stored at 10, stored at 10, insufficient_funds",
    unguarded: "stored at 10; broken: held_is_sum_of_open_holds",
  },
  {
    name: "submit_job: what was spent while it waited is seen",
    removal: {
      function: "submit_job",
      clause: " AND hold_refusal(w, price.cents) IS NULL",
      replacement: "",
    },
    first: ({ customer, type }) => submit(customer, type, 7),
    second: (targets) => submitAlone(targets),
    guarded: "",
    unguarded: "wallets_not_overspent",
  },
  {
    name: "submit_keyed_jobs: one at a time uses a key",
    removal: {
      function: "submit_keyed_jobs",
      clause: "WHERE i.id = ANY (v_keys) ORDER BY i.id FOR UPDATE;",
      replacement: "WHERE i.id = ANY (v_keys) ORDER BY i.id;",
    },
    // Somebody holds the wallet, so that both are under way with the key when it is let go.
    first: ({ wallet }) => `SELECT FROM wallets WHERE id = '${wallet}' FOR NO KEY UPDATE`,
    before: (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 0 }),
    second: (targets) => submitKeyed(targets, { key: KEY, hash: HASH, item: 1 }),
    times: 2,
    guarded: "replayed and stored",
    unguarded: "stored and stored",
  },
  {
    name: "cancel_job: not while its attempt settles",
    removal: {
      function: "cancel_job",
      clause: "SELECT * INTO v_job FROM jobs j WHERE j.id = p_id FOR NO KEY UPDATE;",
      replacement: "SELECT * INTO v_job FROM jobs j WHERE j.id = p_id;",
    },
    first: ({ running }) => settle(running, 1, "succeeded"),
    second: ({ running }) => cancel(running),
    guarded: "already_ended",
    unguarded: "jobs_only_success_costs",
  },
];
