import type { Command } from "commander";
import { z } from "zod";
import { setTimeout as pause } from "node:timers/promises";
import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import type { Erasure, ErasureWait, NewErasure } from "../../../core/model/erasure.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { eraseCustomer, findErasure, workOnErasure } from "../../../core/use-cases/erase-customer.ts";
import { CLI_ACTOR, platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_ERROR, EXIT_OK, UsageError } from "../../terminal/errors.ts";
import { formatDetails, formatTime } from "../../terminal/format.ts";
import { Email, Flag, Id } from "../../terminal/options.ts";
import { findCustomer } from "./find-customer.ts";

const IdOrEmail = z.union([Id, Email], "must be a UUID or an e-mail address");

/** Transactions that began before are over in milliseconds, unless somebody forgot one. */
const TRANSACTIONS_PATIENCE_MS = 10_000;
const TRANSACTIONS_LOOK_MS = 100;

const WAITS: Readonly<Record<ErasureWait, string>> = {
  transactions: "a transaction that began before is not over: see IepTransactionOld in docs/operating.md",
  jobs: "jobs wait or run. Runners go on when these have ended; to cancel them, add --cancel-jobs",
  balance: "the wallet is not at 0. Adjust it, or give it up: add --forfeit",
};

/**
 * `iep customers erase`: without `--confirm` only says what it would do. With it, name, address, keys and
 * sessions are gone at once, and the rest is erased here; a runner goes on where this is interrupted.
 */
export function addErase(customers: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    customers.command("erase"),
    "iep customers erase <id>",
    "iep customers erase <id> --confirm <id> --cancel-jobs --forfeit",
  )
    .description(
      "Erase what is known of a customer, for good. The ledger stays. Without --confirm it only says what it would do",
    )
    .argument("<id>", "id or e-mail address of the customer")
    .option("--confirm <id>", "do it: the id of the same customer, in full")
    .option(
      "--cancel-jobs",
      "cancel its jobs that wait or run; without this, it is refused while there are any",
    )
    .option("--forfeit", "give up the balance that is left; without this, it is refused unless that is 0")
    .action(
      platformAction(
        run,
        z.object({ id: IdOrEmail, confirm: Id.optional(), cancelJobs: Flag, forfeit: Flag }),
        async (platform, { id: which, confirm, cancelJobs: cancels_jobs, forfeit: forfeits }) => {
          const { id } = await findCustomer(platform, which);
          if (confirm === undefined) {
            const preview = await findErasure(platform, id);
            await terminal.print(preview, () => formatErasure(preview));
            if (preview.status === "preview") await terminal.say(`Nothing was changed. ${wayOn(preview)}`);
            return EXIT_OK;
          }
          if (confirm !== id)
            throw new UsageError(`nothing was changed: --confirm names another customer than ${id}`);
          await recorded(platform, id, { cancels_jobs, forfeits });
          const erasure = await workThrough(platform, id);
          await terminal.print(erasure, () => formatErasure(erasure));
          if (erasure.status === "done") return EXIT_OK;
          await terminal.say(
            erasure.waits_for === null
              ? "Runners go on with it. Follow it: iep customers erase <id>"
              : `Not everything is erased yet: ${WAITS[erasure.waits_for]}.`,
          );
          return EXIT_ERROR;
        },
      ),
    );
}

/**
 * Starts the erasure. Other commands do not stand in the log of operators; what cannot be taken back does, as by the
 * API: before it is done and when it was.
 */
async function recorded(
  platform: Platform,
  customer_id: string,
  decisions: Pick<NewErasure, "cancels_jobs" | "forfeits">,
): Promise<void> {
  const action = { id: newId(), action: "eraseCustomer", target_type: "customer", target_id: customer_id };
  const who = { operator_id: null, operator_name: CLI_ACTOR, address: CLI_ACTOR, request_id: newId() };
  await platform.operatorLog.begin({ ...action, ...who, before: null });
  try {
    await eraseCustomer(platform, { customer_id, ...decisions, actor: CLI_ACTOR });
  } catch (error) {
    // Refused, or nobody knows: then upkeep says so later.
    if (error instanceof PlatformError && !error.retryable) await platform.operatorLog.drop(action.id);
    throw error;
  }
  await platform.operatorLog.end({ ...action, after: decisions });
}

async function workThrough(platform: Platform, id: string): Promise<Erasure> {
  const until = performance.now() + TRANSACTIONS_PATIENCE_MS;
  for (;;) {
    const erasure = await workOnErasure(platform, id);
    if (erasure.waits_for !== "transactions" || performance.now() > until) return erasure;
    await pause(TRANSACTIONS_LOOK_MS);
  }
}

/** The command that does it, with the decisions that it needs. */
function wayOn({ customer_id, open_jobs, balance_cents }: Erasure): string {
  const words = [
    "To do it:",
    `iep customers erase ${customer_id} --confirm ${customer_id}`,
    ...(open_jobs > 0 ? ["--cancel-jobs"] : []),
    ...(balance_cents === 0 ? [] : ["--forfeit"]),
  ];
  return words.join(" ");
}

function formatErasure(erasure: Erasure): string {
  const { is_capped, jobs, currency } = erasure;
  return formatDetails([
    ["customer", erasure.customer_id],
    ["erasure", erasure.status === "preview" ? "would be started" : erasure.status],
    ["waits for", erasure.waits_for ?? "nothing"],
    ["API keys", erasure.api_keys],
    ["sessions", erasure.sessions],
    ["jobs", is_capped ? `more than ${jobs}` : jobs],
    ["jobs that wait or run", erasure.open_jobs],
    ["balance", `${erasure.balance_cents} cents ${currency}`],
    ["ledger entries, which stay", erasure.entries],
    ["of these with the name or address in their text", erasure.entries_with_name],
    ...(erasure.requested_at === null
      ? []
      : ([
          ["requested", formatTime(erasure.requested_at)],
          ["ended", erasure.ended_at === null ? "not yet" : formatTime(erasure.ended_at)],
          ["jobs cancelled", erasure.jobs_cancelled],
          ["jobs erased", erasure.jobs_erased],
          ["operators' actions erased", erasure.actions_erased],
        ] as const)),
  ]);
}
