import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import type { WalletEntry } from "../../../core/model/wallet.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;
let customer: string;
/** Of the wallet's three entries, oldest first. */
let times: [first: string, second: string, third: string];

beforeAll(async () => {
  cli = await createTestCli();
  customer = await createCustomer(cli.platform, 0);
  const paid = async (amount_cents: number): Promise<string> => {
    const topUp = { customer_id: customer, amount_cents, reference: `of ${amount_cents}` };
    return (await cli.platform.wallets.topUp(topUp)).entry.created_at;
  };
  times = [await paid(100), await paid(20), await paid(3)];
});

const statement = (...more: string[]): string[] => ["wallets", "statement", customer, ...more];

test("a statement has every entry, oldest first, between its balances", async () => {
  expect(await cli.json(...statement())).toEqual({
    customer_id: customer,
    currency: "EUR",
    from: null,
    to: null,
    opening_balance_cents: 0,
    entries: (await cli.platform.wallets.listEntries(customer, { limit: 10 })).toReversed(),
    closing_balance_cents: 123,
  });
  const { exitCode, stdout, stderr } = await cli.run(...statement());
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(
    /^opening balance {2}0\.00 EUR\n\nSEQ .*\n.* of 100\n.* of 20\n.* of 3\n\nclosing balance {2}1\.23 EUR\n$/,
  );
});

test("a period begins with its first microsecond and ends before its last", async () => {
  const period = await cli.json(...statement("--from", times[1], "--to", times[2]));
  expect(period).toMatchObject({
    from: times[1],
    to: times[2],
    opening_balance_cents: 100,
    entries: [{ seq: 2, amount_cents: 20 }],
    closing_balance_cents: 120,
  });
});

test("a period without an entry says so", async () => {
  const { exitCode, stdout, stderr } = await cli.run(...statement("--from", "2999-01-01T00:00:00Z"));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "No entries in this period.\n" });
  expect(stdout).toBe("opening balance  1.23 EUR at 2999-01-01T00:00:00Z\n\nclosing balance  1.23 EUR\n");
  expect(await cli.json(...statement("--to", times[0]))).toMatchObject({
    entries: [],
    closing_balance_cents: 0,
  });
});

test("a statement longer than a page is whole, without a gap, under one heading", async () => {
  const busy = await createCustomer(cli.platform, 0);
  for (const first of [1, 1_001, 2_001]) {
    const postings = Array.from({ length: first === 2_001 ? 1 : 1_000 }, (_, index) => ({
      customer_id: busy,
      kind: "grant" as const,
      amount_cents: 1,
      reference: `grant ${first + index}`,
    }));
    await cli.platform.wallets.postAll(postings, "test");
  }
  const { entries, ...rest } = (await cli.json("wallets", "statement", busy)) as { entries: WalletEntry[] };
  expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 2_001 }, (_, index) => index + 1));
  expect(rest).toMatchObject({ opening_balance_cents: 0, closing_balance_cents: 2_001 });

  const lines = (await cli.run("wallets", "statement", busy)).stdout.trimEnd().split("\n");
  expect(lines.filter((line) => line.includes("SEQ"))).toHaveLength(1);
  expect(lines.filter((line) => line.includes(" grant "))).toHaveLength(2_001);
});

test("a time that is none, and a period that ends before it begins, are wrong usage", async () => {
  const told = async (argv: string[]): Promise<string[]> => {
    const { exitCode, stderr } = await cli.run(...argv);
    expect(exitCode).toBe(2);
    return stderr.trimEnd().split("\n").slice(1);
  };
  expect(await told(statement("--from", "2026-11-02", "--to", "1969-01-01T00:00:00Z"))).toEqual([
    expect.stringMatching(/^ {2}--from must be a time/),
    "  --to must be between 1970 and 9999",
  ]);
  const reversed = ["--from", "2026-11-02T00:00:00+01:00", "--to", "2026-11-01T22:59:59Z"];
  expect(await told(statement(...reversed))).toEqual(["  --to must not be before --from"]);
});

test("a customer that is not there is exit 1", async () => {
  const id = uuidv7();
  expect(await cli.run("wallets", "statement", id)).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: There is no customer ${id}.\n`,
  });
});
