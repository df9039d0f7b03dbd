import {
  cancel,
  claim,
  clause,
  fromTheFuture,
  giveToOther,
  inTurn,
  lastEntryInOrder,
  rescue,
  setJob,
  setWallet,
  settle,
  type Guard,
} from "./guard-attacks.ts";

// Clauses of the functions that claim, settle, charge, rescue, prune and cancel.

const settling = clause("settle_jobs");
const charging = clause("post_charges");
const cancelling = clause("cancel_job");
const starting = clause("start_jobs");
const taking = clause("take_jobs");
const inTurns = clause("claim_next");
const rescuing = clause("rescue_jobs");

export const JOB_CLAUSES: readonly Guard[] = [
  starting(
    "only a pending job is started",
    [
      "WHERE j.id = ANY (p_ids) AND j.status = 'pending' AND (v_paused",
      "WHERE j.id = ANY (p_ids) AND (v_paused",
    ],
    (targets) => claim(targets, targets.running, targets.spare_runner),
    "0",
    "1",
  ),
  starting(
    "only a registered runner claims",
    ["IF NOT FOUND THEN RAISE", "IF false THEN RAISE"],
    (targets) => claim(targets, targets.pending, targets.customer),
    "runner_registered",
    "1",
  ),
  starting(
    "every claim is a new attempt",
    ["attempt = j.attempt + 1", "attempt = greatest(j.attempt, 1)"],
    inTurn(
      ({ running }) => settle(running, 1, "released"),
      (targets) => claim(targets, targets.running, targets.spare_runner),
      ({ running }) => settle(running, 1, "succeeded"),
    ),
    "running, cost none",
    "succeeded, cost 10",
  ),
  starting(
    "a claim leaves a lease",
    ["INSERT INTO leases (id, runner_id, job_ids) VALUES (p_lease, p_runner, p_ids);", ""],
    (targets) => claim(targets, targets.pending, targets.runner),
    "1",
    "1; broken: every_running_job_has_a_lease",
  ),
  taking(
    "who claims takes the job's place",
    [
      "DELETE FROM job_queue q WHERE q.priority = ANY ('{0,1,2}'::smallint[]) AND q.job_id = ANY (v_ids);",
      "",
    ],
    (targets) => claim(targets, targets.pending, targets.runner),
    "1",
    "1; broken: every_waiting_job_is_queued_once",
  ),
  taking(
    "only what the runner serves",
    ["OR NOT serves(v_runner, t)", ""],
    inTurn(
      ({ runner }) => `UPDATE runners SET processor_ids = '{another}' WHERE id = '${runner}'`,
      (targets) => claim(targets, targets.pending, targets.runner),
    ),
    "0",
    "1",
  ),
  taking(
    "nothing of a limited type",
    ["t.running_limit IS NOT NULL OR", ""],
    inTurn(
      ({ type }) => `UPDATE job_types SET running_limit = 1 WHERE id = '${type}'`,
      (targets) => claim(targets, targets.pending, targets.runner),
    ),
    "0",
    "1",
  ),
  inTurns(
    "who claims takes the job's place",
    ["DELETE FROM job_queue q WHERE q.ctid = ANY (v_turns.places);", ""],
    // More than one job waits, so that there is something to choose.
    ({ runner, customer, type }) =>
      `INSERT INTO job_queue (priority, job_id, customer_id, job_type_id) VALUES (2, gen_random_uuid(), '${customer}', '${type}');
       SELECT count(*) FROM claim_next(1, '${runner}', gen_random_uuid(), false, false, '{}', '{}', '{}', '{}', '{}', '{}');
       DELETE FROM job_queue WHERE priority = 2;
       SELECT count(*) FROM jobs WHERE runner_id = '${runner}' AND status = 'running'`,
    "2",
    "2; broken: every_waiting_job_is_queued_once",
  ),
  settling(
    "only a running job is settled",
    ["j.status = 'running' AND j.attempt = d.attempt", "j.attempt = d.attempt"],
    inTurn(
      ({ running }) => cancel(running),
      ({ running }) => settle(running, 1, "succeeded"),
    ),
    "cancelled, cost none",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds",
  ),
  settling(
    "only by its own attempt",
    ["j.status = 'running' AND j.attempt = d.attempt", "j.status = 'running'"],
    ({ running }) => settle(running, 0, "succeeded"),
    "running, cost none",
    "succeeded, cost 10",
  ),
  settling(
    "a cost is at most the hold",
    [
      "least(coalesce(d.cost, j.estimated_cost_cents), j.estimated_cost_cents)",
      "coalesce(d.cost, j.estimated_cost_cents)",
    ],
    ({ running }) => settle(running, 1, "succeeded", "11"),
    "succeeded, cost 10",
    "jobs_cost_within_hold",
  ),
  settling(
    "a cost is never below nothing",
    ["greatest(0, least(", "(least("],
    ({ running }) => settle(running, 1, "succeeded", "-5"),
    "succeeded, cost 0",
    "jobs_cost_within_hold",
  ),
  settling(
    "what does not succeed costs nothing",
    ["cost_cents = CASE WHEN d.outcome = 'succeeded' THEN", "cost_cents = CASE WHEN true THEN"],
    ({ running }) => settle(running, 1, "failed"),
    "failed, cost none",
    "jobs_only_success_costs",
  ),
  settling(
    "the money moves with the job",
    ["PERFORM post_charges(e_ids, e_customers, e_costs, e_holds);", "NULL;"],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds, success_is_charged_once_at_its_cost",
  ),

  charging(
    "a job has a wallet",
    ["IF cardinality(w_ids) IS DISTINCT FROM cardinality(u_customers) THEN", "IF false THEN"],
    inTurn(
      () =>
        "INSERT INTO customers (id, name, email) VALUES ('00000000-0000-0000-0000-0000000000dd', 'None', 'n@example.com')",
      ({ running }) =>
        `UPDATE jobs SET customer_id = '00000000-0000-0000-0000-0000000000dd' WHERE id = '${running}'`,
      ({ running }) => settle(running, 1, "succeeded"),
    ),
    "a job has no wallet",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds, success_is_charged_once_at_its_cost",
  ),
  charging(
    "nothing is no entry",
    ["WHERE s.cost > 0 WINDOW", "WHERE true WINDOW"],
    ({ running }) => settle(running, 1, "succeeded", "0"),
    "succeeded, cost 0",
    "wallet_entries_amount_cents_check",
  ),
  charging(
    "the hold is released",
    ["w.pending_charges_cents - s.hold", "w.pending_charges_cents"],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: held_is_sum_of_open_holds",
  ),
  charging(
    "the balance moves",
    ["w.current_balance_cents - s.cost,", "w.current_balance_cents,"],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: balance_is_sum_of_entries",
  ),
  charging(
    "the month is counted",
    [
      "WHEN s.month THEN w.month_spent_cents ELSE 0 END + s.cost",
      "WHEN s.month THEN w.month_spent_cents ELSE 0 END",
    ],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: spent_this_month_is_sum_of_charges",
  ),
  charging(
    "another month starts at nothing",
    [
      "CASE w.spend_month WHEN s.month THEN w.month_spent_cents ELSE 0 END + s.cost",
      "w.month_spent_cents + s.cost",
    ],
    inTurn(
      giveToOther,
      ({ other_wallet }) =>
        `UPDATE wallets SET spend_month = '2020-01-01', month_spent_cents = 5 WHERE id = '${other_wallet}'`,
      ({ running }) => settle(running, 1, "succeeded"),
    ),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: spent_this_month_is_sum_of_charges",
  ),
  charging(
    "seq moves on",
    ["last_entry_seq = w.last_entry_seq + s.entries,", ""],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: entries_are_gapless",
  ),
  charging(
    "the balance after is the balance after",
    ["w.balance - c.sum", "w.balance"],
    ({ running }) => settle(running, 1, "succeeded"),
    "succeeded, cost 10",
    "succeeded, cost 10; broken: running_balance_is_unbroken",
  ),
  charging(
    "time does not go back",
    ["array_agg(greatest(w.updated_at, clock_timestamp()))", "array_agg(clock_timestamp())"],
    inTurn(fromTheFuture, ({ running }) => settle(running, 1, "succeeded"), lastEntryInOrder),
    "in order",
    "back in time",
  ),
  charging(
    "a low balance is told once",
    [" AND m.balance + m.cost >= m.threshold", ""],
    inTurn(
      setWallet("low_balance_cents = 95"),
      ({ running }) => settle(running, 1, "succeeded"),
      () => "SELECT count(*) FROM outbox",
    ),
    "0",
    "1",
  ),

  rescuing(
    "who shows that it lives keeps what it has",
    ["WHERE dead.heartbeat_at < clock_timestamp() - p_lease", ""],
    ({ running }) =>
      `UPDATE runners SET heartbeat_at = now() + interval '1 hour';
       SELECT FROM rescue_jobs('0 seconds', 3, 100);
       SELECT status FROM jobs WHERE id = '${running}'`,
    "running",
    "pending",
  ),
  rescuing(
    "a server that has just started has heard from nobody",
    ["IF pg_postmaster_start_time() < clock_timestamp() - p_lease THEN", "IF true THEN"],
    ({ running }) =>
      `UPDATE runners SET heartbeat_at = now() - interval '2 years';
       SELECT FROM rescue_jobs('1 year', 3, 100);
       SELECT status FROM jobs WHERE id = '${running}'`,
    "running",
    "pending",
  ),
  rescuing(
    "what its runner settled stays",
    [
      "j.id = l.id AND j.status = 'running' AND j.runner_id = ANY (v_runners)",
      "j.id = l.id AND j.runner_id = ANY (v_runners)",
    ],
    (targets) =>
      inTurn(
        ({ runner, succeeded }) =>
          `INSERT INTO leases (id, runner_id, job_ids) VALUES (gen_random_uuid(), '${runner}', '{${succeeded}}')`,
        () => rescue(targets, targets.succeeded),
      )(targets),
    "succeeded",
    "jobs_only_success_costs",
  ),
  rescuing(
    "what another runner has stays its own",
    [
      "j.id = l.id AND j.status = 'running' AND j.runner_id = ANY (v_runners)",
      "j.id = l.id AND j.status = 'running'",
    ],
    (targets) =>
      inTurn(
        ({ running, spare_runner }) =>
          `UPDATE jobs SET runner_id = '${spare_runner}' WHERE id = '${running}'; INSERT INTO leases (id, runner_id, job_ids) VALUES (gen_random_uuid(), '${spare_runner}', '{${running}}')`,
        () => rescue(targets, targets.running),
      )(targets),
    "running",
    "pending",
  ),
  rescuing(
    "what it gives up releases its hold",
    [
      "PERFORM post_charges( e_ids, e_customers, array_fill(0::bigint, ARRAY[cardinality(e_ids)]), e_holds );",
      "NULL;",
    ],
    (targets) => inTurn(setJob("running", "lost_alone = 2"), () => rescue(targets, targets.running))(targets),
    "failed",
    "failed; broken: held_is_sum_of_open_holds",
  ),

  clause("prune_jobs")(
    "only what has ended leaves",
    [" FILTER (WHERE w.completed_at < v_before)", ""],
    ({ pending, running }) =>
      `SELECT FROM prune_jobs('-1 hour', 100, NULL); SELECT count(*) FROM jobs WHERE id IN ('${pending}', '${running}')`,
    "2",
    "0; broken: held_is_sum_of_open_holds",
  ),

  cancelling(
    "what has ended stays as it ended",
    ["IF v_job.status NOT IN ('pending', 'running') THEN RETURN 'already_ended'; END IF;", ""],
    ({ failed }) => cancel(failed),
    "already_ended",
    "cancelled; broken: held_is_sum_of_open_holds",
  ),
  cancelling(
    "only by its owner",
    ["AND (p_owner IS NULL OR j.customer_id = p_owner)", ""],
    ({ pending, other }) => cancel(pending, `'${other}'`),
    "unknown",
    "cancelled",
  ),
  cancelling(
    "its hold is released",
    [
      "PERFORM post_charges( ARRAY[p_id], ARRAY[v_job.customer_id], ARRAY[0::bigint], ARRAY[v_job.estimated_cost_cents] );",
      "",
    ],
    ({ pending }) => cancel(pending),
    "cancelled",
    "cancelled; broken: held_is_sum_of_open_holds",
  ),
  cancelling(
    "not while somebody moves it",
    ["IF (v_job.status = 'pending') <> (v_places = 1) THEN", "IF false THEN"],
    ({ pending }) => `DELETE FROM job_queue WHERE job_id = '${pending}'; ${cancel(pending)}`,
    "job <id> was moved while it was cancelled",
    "cancelled",
  ),
];
