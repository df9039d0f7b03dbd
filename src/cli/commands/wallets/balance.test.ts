import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createCustomer } from "../../../../test/support/test-platform.ts";
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

const balance = (...more: string[]): string[] => ["wallets", "balance", customer, ...more];

test("the balance is what the wallet had at a time, with what happened in that very microsecond", async () => {
  const at = async (...more: string[]): Promise<unknown> => await cli.json(...balance(...more));
  const known = { customer_id: customer, currency: "EUR" };
  expect(await at()).toEqual({ ...known, balance_cents: 123, seq: 3 });
  expect(await at("--at", times[1])).toEqual({ ...known, balance_cents: 120, seq: 2 });
  expect(await at("--at", "2001-01-01T00:00:00+02:00")).toEqual({ ...known, balance_cents: 0, seq: 0 });
  const { stdout } = await cli.run(...balance("--at", times[0]));
  expect(stdout).toMatch(/^balance +1\.00 EUR$/m);
  expect(stdout).toContain(times[0]);
});

test("a time that is none is wrong usage", async () => {
  const { exitCode, stderr } = await cli.run(...balance("--at", "yesterday"));
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^ {2}--at must be a time/m);
});

test("a customer that is not there is exit 1", async () => {
  const id = uuidv7();
  expect(await cli.run("wallets", "balance", id)).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: There is no customer ${id}.\n`,
  });
});
