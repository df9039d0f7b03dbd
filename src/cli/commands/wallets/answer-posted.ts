import type { Posted } from "../../../core/model/wallet.ts";
import type { CliRun } from "../../terminal/command.ts";
import { formatEntry } from "./format-wallet.ts";

/** Who moved the money, as the ledger has it: whoever may run this program may write to the database. */
export const CLI_ACTOR = "cli";

/** Answers a movement of money, which the same reference moves only once. */
export async function answerPosted(
  { terminal }: CliRun,
  { entry, replayed }: Posted,
  currency: string | undefined,
): Promise<void> {
  await terminal.print(entry, () => formatEntry(entry, currency));
  if (replayed) await terminal.say("This reference moved this money before: no money moved now.");
}
