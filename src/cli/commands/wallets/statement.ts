import type { Command } from "commander";
import { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { balanceAt, entriesOf, findPeriod } from "../../../core/use-cases/statement.ts";
import type { WalletEntry } from "../../../core/model/wallet.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { findWallet } from "./find-wallet.ts";
import { formatDetails, formatMoney, formatTime, tableOf } from "../../terminal/format.ts";
import { entryColumns } from "./format-wallet.ts";
import { Id, Time } from "../../terminal/options.ts";
import { streamObject } from "../../terminal/stream-object.ts";

const PERIOD = z
  .object({ customerId: Id, from: Time.optional(), to: Time.optional() })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), {
    path: ["to"],
    error: "must not be before --from",
  });

/** What a wallet had, and how it came to that. */
export function addStatementCommands(wallets: Command, run: CliRun): void {
  withExamples(
    wallets.command("balance"),
    "iep wallets balance <customer-id>",
    "iep wallets balance <customer-id> --at 2026-11-30T23:59:59Z",
  )
    .description("The balance now, or at any past time")
    .argument("<customer-id>")
    .option("--at <time>", "such as 2026-11-23T21:06:00Z (default: now)")
    .action(
      platformAction(run, z.object({ customerId: Id, at: Time.optional() }), async (platform, values) => {
        await printBalance(run, platform, values);
      }),
    );

  withExamples(
    wallets.command("statement"),
    "iep wallets statement <customer-id>",
    "iep wallets statement <customer-id> --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z",
  )
    .description("Every movement of a period, oldest first, between its opening and its closing balance")
    .argument("<customer-id>")
    .option("--from <time>", "the period begins here (default: with the wallet)")
    .option("--to <time>", "the period ends before this (default: now)")
    .action(
      platformAction(run, PERIOD, async (platform, values) => {
        await printStatement(run, platform, values);
      }),
    );
}

/** The document of GET /customers/{id}/wallet/balance. */
async function printBalance(
  { terminal }: CliRun,
  platform: Platform,
  { customerId, at }: { customerId: string; at?: string | undefined },
): Promise<void> {
  const { customer_id, currency } = await findWallet(platform, customerId);
  const when = at === undefined ? undefined : { at };
  const { balance_cents, seq } = await balanceAt(platform.wallets, customer_id, when);
  await terminal.print({ customer_id, currency, balance_cents, seq }, () =>
    formatDetails([
      ["customer", customer_id],
      ["balance", formatMoney(balance_cents, currency)],
      ["at", at],
      ["last entry", seq === 0 ? "none" : seq],
    ]),
  );
}

async function printStatement(
  { terminal }: CliRun,
  platform: Platform,
  { customerId, from, to }: z.output<typeof PERIOD>,
): Promise<void> {
  const { customer_id, currency } = await findWallet(platform, customerId);
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
  if (opening.seq === closing.seq) await terminal.say("No money moved in this period.");
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
