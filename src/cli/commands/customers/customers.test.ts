import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
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
    new RegExp(
      `^ID +NAME +EMAIL +CURRENCY +ACTIVE +CREATED\n${id}  Countess  ada@example.com  EUR       yes +\\S+Z\n$`,
    ),
  );
  expect(stderr).toContain("--limit");
});

test("an update that changes nothing is wrong usage", async () => {
  const { exitCode, stderr } = await cli.run("customers", "update", await createCustomer());
  expect(exitCode).toBe(2);
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
      exitCode: 1,
      stdout: "",
      stderr: `error: There is no customer ${id}.\n`,
    });
  }
});

test("a customer is shown by the e-mail address, in any case; two with one address are named", async () => {
  const email = "Countess@Example.com";
  const create = async () =>
    (await cli.json("customers", "create", "--name", "Ada", "--email", email)) as { id: string };
  const { id } = await create();
  expect(await cli.json("customers", "show", "countess@example.COM")).toMatchObject({ id });
  const other = await create();
  const refused = await cli.run("customers", "show", email);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`Name one by its id: ${other.id}, ${id}.`);
  expect((await cli.run("customers", "show", "nobody@example.com")).stderr).toContain(
    "no customer with the address",
  );
});

test("customers are found by e-mail address, and a second one with the same address is told", async () => {
  const create = ["customers", "create", "--name", "Twin", "--email"];
  const first = (await cli.json(...create, "Twin@example.com", "--currency", "KWD")) as { id: string };
  expect((await cli.run("customers", "show", "twin@EXAMPLE.com")).stdout).toMatch(/^currency +KWD$/m);
  const second = await cli.run(...create, "twin@example.com");
  expect(second.stderr).toContain(`Another customer has this e-mail address: ${first.id}.`);
  const listed = (await cli.json("customers", "list", "--email", "TWIN@example.com")) as { id: string }[];
  expect(listed).toHaveLength(2);
  expect((await cli.run("customers", "list", "--email", "nobody@example.com")).stderr).toContain(
    "No customer has the e-mail address nobody@example.com.",
  );
  expect((await cli.run(...create, "x@example.com", "--currency", "XXX")).exitCode).toBe(2);
});
