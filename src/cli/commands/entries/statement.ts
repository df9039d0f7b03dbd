import type { Command } from "commander";
import { z } from "zod";
import { findWallet } from "../../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { entriesOf, findPeriod } from "../../../core/use-cases/statement.ts";
import type { WalletEntry } from "../../../core/model/wallet.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatMoney, formatTime, tableOf } from "../../terminal/format.ts";
import { entryColumns } from "./format-entry.ts";
import { Id, Time } from "../../terminal/options.ts";
import { streamObject } from "../../terminal/stream-object.ts";

const PERIOD = z
  .object({ customerId: Id, from: Time.optional(), to: Time.optional() })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), {
    path: ["to"],
    error: "must not be before --from",
  });

export function addStatementCommand(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("statement"),
    "iep wallets statement <customer-id>",
    "iep wallets statement <customer-id> --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z",
  )
    .description("Print all entries of a period, oldest first, between its opening and its closing balance")
    .argument("<customer-id>", "id of the customer")
    .option("--from <time>", "start of the period, inclusive (default: when the wallet was created)")
    .option("--to <time>", "end of the period, exclusive (default: now)")
    .action(
      platformAction(run, PERIOD, async (platform, values) => {
        await printStatement(run, platform, values);
      }),
    );
}

async function printStatement(
  { terminal }: CliRun,
  platform: Platform,
  { customerId, from, to }: z.output<typeof PERIOD>,
): Promise<void> {
  const { customer_id, currency } = await findWallet(platform.wallets, customerId);
  const { opening, closing } = await findPeriod(platform.wallets, customer_id, { from, to });
  const pages = entriesOf(platform.wallets, customer_id, { opening, closing });
  const document = streamObject(
    {
      customer_id,
      currency,
      from: from ?? null,
      to: to ?? null,
      opening_balance_cents: opening.balance_cents,
    },
    ["entries", pages],
    { closing_balance_cents: closing.balance_cents },
  );
  const balance = (cents: number): string => formatMoney(cents, currency);
  await terminal.printPieces(
    document,
    statementText(pages, currency, [
      `opening balance  ${balance(opening.balance_cents)}${from === undefined ? "" : ` at ${formatTime(from)}`}`,
      `closing balance  ${balance(closing.balance_cents)}${to === undefined ? "" : ` before ${formatTime(to)}`}`,
    ]),
  );
  if (opening.seq === closing.seq) await terminal.say("No entries in this period.");
}

async function* statementText(
  pages: AsyncIterable<readonly WalletEntry[]>,
  currency: string,
  [opening, closing]: readonly [opening: string, closing: string],
): AsyncGenerator<string> {
  const table = tableOf(entryColumns(currency));
  yield `${opening}\n\n`;
  let gap = "";
  for await (const page of pages) {
    yield `${table(page)}\n`;
    gap = "\n";
  }
  yield `${gap}${closing}`;
}
