import { beforeAll, expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

test("a wallet shows money exactly, and the same reference pays once", async () => {
  const create = ["customers", "create", "--name", "Ada", "--email", "ada@example.com", "--currency", "USD"];
  const { id } = (await cli.json(...create)) as { id: string };
  const topUp = ["wallets", "top-up", id, "--amount-cents", "123405", "--reference", "invoice 42"];
  expect(await cli.json(...topUp)).toMatchObject({
    seq: 1,
    amount_cents: 123_405,
    balance_after_cents: 123_405,
  });
  const again = await cli.run(...topUp);
  expect(again.exitCode).toBe(0);
  expect(again.stderr).toContain("no money moved");

  expect((await cli.run("wallets", "show", id)).stdout).toMatch(/^available +1234\.05 USD$/m);
  const entries = await cli.run("wallets", "entries", id);
  expect(entries.stdout.split("\n")[1]).toMatch(
    /^ {2}1 {2}\S+Z {2}top_up {2}1234\.05 USD {2}1234\.05 USD {2}invoice 42$/,
  );

  const reused = await cli.run(
    "wallets",
    "top-up",
    id,
    "--amount-cents",
    "1",
    "--reference",
    "invoice 42",
    "--json",
  );
  expect(reused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(JSON.parse(reused.stderr)).toMatchObject({
    error: { code: "reference_reused", errors: [{ pointer: "/reference" }] },
  });
});
