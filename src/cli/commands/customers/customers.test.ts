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

test("a customer has a weight and a limit of running jobs, which lists show where one is set", async () => {
  const columns = async () => (await cli.run("customers", "list", "--limit", "2")).stdout.split("\n")[0];
  const [first, second] = [await createCustomer(), await createCustomer()];
  expect(await cli.json("customers", "show", first)).toMatchObject({ weight: 1, running_limit: null });
  expect(await columns()).toMatch(/^ID +NAME +EMAIL +CURRENCY +ACTIVE +CREATED$/);

  const update = ["customers", "update", first];
  const set = { weight: 3, running_limit: 20 };
  expect(await cli.json(...update, "--weight", "3", "--running-limit", "20")).toMatchObject(set);
  expect(await cli.json(...update, "--inactive")).toMatchObject({ ...set, active: false });
  const { stdout } = await cli.run("customers", "show", first);
  expect(stdout).toMatch(/^weight +3\nrunning limit +20$/m);
  expect(await columns()).toMatch(/ACTIVE +WEIGHT +RUNNING LIMIT +CREATED$/);
  const listed = await cli.run("customers", "list", "--limit", "2");
  expect(listed.stdout).toMatch(new RegExp(`^${second} .* yes +1 +none +\\S+Z$`, "m"));
  expect(listed.stdout).toMatch(new RegExp(`^${first} .* no +3 +20 +\\S+Z$`, "m"));

  expect(await cli.json(...update, "--running-limit", "none")).toMatchObject({
    weight: 3,
    running_limit: null,
  });
  expect((await cli.run("customers", "show", first)).stdout).toMatch(/^running limit +none$/m);
  const third = await createCustomer("--weight", "2", "--running-limit", "5");
  expect(await cli.json("customers", "show", third)).toMatchObject({ weight: 2, running_limit: 5 });
});

test("a customer has a limit of waiting jobs, which lists show where one is set", async () => {
  const id = await createCustomer("--waiting-limit", "10000");
  expect(await cli.json("customers", "show", id)).toMatchObject({
    waiting_limit: 10_000,
    running_limit: null,
  });
  expect((await cli.run("customers", "list", "--limit", "1")).stdout).toMatch(
    /ACTIVE +WAITING LIMIT +CREATED$/m,
  );
  const update = ["customers", "update", id, "--waiting-limit"];
  expect(await cli.json(...update, "none")).toMatchObject({ waiting_limit: null });
  expect((await cli.run(...update, "0")).stderr).toContain(
    "--waiting-limit must be none or a whole number from 1 to 1000000",
  );
});

test("a weight or a limit that is none is wrong usage, and says what is right", async () => {
  const wrong = ["--weight", "none", "--running-limit", "1000001"];
  const told = [
    "  --weight must be a whole number from 1 to 1000",
    "  --running-limit must be none or a whole number from 1 to 1000000",
    "",
  ];
  for (const argv of [
    ["customers", "create", "--name", "Ada", "--email", "ada@example.com", ...wrong],
    ["customers", "update", uuidv7(), ...wrong],
  ]) {
    const { exitCode, stderr } = await cli.run(...argv);
    expect({ exitCode, told: stderr.split("\n").slice(1) }).toEqual({ exitCode: 2, told });
  }
});

test("an update that changes nothing is wrong usage", async () => {
  const { exitCode, stderr } = await cli.run("customers", "update", await createCustomer());
  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    "--name, --email, --active, --inactive, --weight, --running-limit or --waiting-limit",
  );
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
