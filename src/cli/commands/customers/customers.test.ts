import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { hashApiKey } from "../../../core/model/api-key.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

async function createCustomer(...more: string[]): Promise<string> {
  const customer = await cli.json(
    "customers",
    "create",
    "--name",
    "Ada",
    "--email",
    "ada@example.com",
    ...more,
  );
  return (customer as { id: string }).id;
}

test("customers are made, shown, listed and changed", async () => {
  const id = await createCustomer();
  expect(await cli.json("customers", "show", id)).toMatchObject({ id, name: "Ada", active: true });
  expect(await cli.json("customers", "update", id, "--name", "Countess", "--inactive")).toMatchObject({
    name: "Countess",
    email: "ada@example.com",
    active: false,
  });
  expect(await cli.json("customers", "update", id.toUpperCase(), "--active")).toMatchObject({
    id,
    active: true,
  });
  expect(await cli.json("customers", "list", "--limit", "1")).toMatchObject([{ id, name: "Countess" }]);

  const { stdout, stderr } = await cli.run("customers", "list", "--limit", "1");
  expect(stdout).toMatch(
    new RegExp(`^ID +NAME +EMAIL +ACTIVE +CREATED\n${id}  Countess  ada@example.com  yes +\\S+Z\n$`),
  );
  expect(stderr).toContain("--limit");
});

test("an update that changes nothing is wrong usage", async () => {
  const { exit_code, stderr } = await cli.run("customers", "update", await createCustomer());
  expect(exit_code).toBe(2);
  expect(stderr).toContain("--name, --email, --active or --inactive");
});

test("a customer that is not there is exit 1", async () => {
  const id = uuidv7();
  for (const argv of [
    ["customers", "show", id],
    ["customers", "update", id, "--active"],
    ["customers", "keys", "list", id],
    ["customers", "keys", "create", id],
    ["wallets", "show", id],
    ["wallets", "entries", id],
    ["wallets", "top-up", id, "--amount-cents", "1", "--reference", "r"],
  ]) {
    expect(await cli.run(...argv)).toEqual({
      exit_code: 1,
      stdout: "",
      stderr: `error: There is no customer ${id}.\n`,
    });
  }
});

test("a key is shown once, works until it is revoked, and is listed without its secret", async () => {
  const id = await createCustomer();
  const { exit_code, stdout } = await cli.run("customers", "keys", "create", id, "--name", "production");
  expect(exit_code).toBe(0);
  const api_key = stdout.trim();
  expect(await cli.platform.customers.findByApiKey(hashApiKey(api_key))).toMatchObject({ id });

  const [key, ...others] = (await cli.json("customers", "keys", "list", id)) as {
    id: string;
    prefix: string;
  }[];
  expect(others).toEqual([]);
  expect(key).toMatchObject({ name: "production", prefix: api_key.slice(0, 12), revoked_at: null });
  expect(JSON.stringify(key)).not.toContain(api_key);

  expect(await cli.run("customers", "keys", "revoke", id, uuidv7())).toMatchObject({
    exit_code: 1,
    stdout: "",
  });
  expect(await cli.json("customers", "keys", "revoke", id, key?.id ?? "")).toEqual({
    id: key?.id,
    revoked: true,
  });
  expect(await cli.platform.customers.findByApiKey(hashApiKey(api_key))).toBeUndefined();
});

test("a wallet shows money exactly, and the same reference pays once", async () => {
  const id = await createCustomer("--currency", "USD");
  const topUp = ["wallets", "top-up", id, "--amount-cents", "123405", "--reference", "invoice 42"];
  expect(await cli.json(...topUp)).toMatchObject({
    seq: 1,
    amount_cents: 123_405,
    balance_after_cents: 123_405,
  });
  const again = await cli.run(...topUp);
  expect(again.exit_code).toBe(0);
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
  expect(reused).toMatchObject({ exit_code: 1, stdout: "" });
  expect(JSON.parse(reused.stderr)).toMatchObject({
    error: { code: "reference_reused", errors: [{ pointer: "/reference" }] },
  });
});
