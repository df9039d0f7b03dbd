import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { hashApiKey } from "../../../core/model/api-key.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

test("an operator's key is shown once, has a role, can be kept out, and is revoked for good", async () => {
  const created = await cli.run("operators", "create", "--name", "Grace Hopper", "--role", "finance");
  expect(created.exitCode).toBe(0);
  const api_key = created.stdout.trim();
  const find = async () => (await cli.platform.operators.findByKeys([hashApiKey(api_key)]))[0];
  const [operator] = (await cli.json("operators", "list")) as { id: string }[];
  const id = operator?.id ?? "";
  expect(await find()).toEqual({ id, name: "Grace Hopper", role: "finance" });
  expect(operator).toMatchObject({ prefix: api_key.slice(0, 12), active: true, revoked_at: null });
  expect(JSON.stringify(operator)).not.toContain(api_key);

  expect(await cli.json("operators", "update", id, "--role", "viewer")).toMatchObject({ role: "viewer" });
  expect(await find()).toMatchObject({ role: "viewer" });
  expect(await cli.json("operators", "update", id, "--inactive")).toMatchObject({ active: false });
  expect(await find()).toBeUndefined();
  await cli.json("operators", "update", id, "--active");
  expect(await find()).toMatchObject({ id });

  expect(await cli.json("operators", "revoke", id)).toEqual({ id, revoked: true });
  expect(await find()).toBeUndefined();
  expect((await cli.run("operators", "update", id, "--active")).stderr).toContain("the key was revoked");
});

test.each([
  {
    argv: ["create", "--name", "x", "--role", "boss"],
    says: "must be one of viewer, operator, finance, admin",
  },
  { argv: ["create", "--name", "x"], says: "--role is required" },
  { argv: ["update", uuidv7()], says: "nothing to change" },
  { argv: ["create", "--name", "Admin", "--role", "viewer"], says: "is reserved" },
  { argv: ["revoke", uuidv7()], says: "There is no operator" },
])("refused with what to do: $argv", async ({ argv, says }) => {
  const { exitCode, stderr } = await cli.run("operators", ...argv);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(says);
});

test("the log shows what operators did, by name and since when", async () => {
  const action = {
    operator_id: null,
    action: "pauseQueue",
    target_type: "queue",
    target_id: null,
    before: { paused_at: null },
    address: "127.0.0.1",
    request_id: uuidv7(),
  };
  for (const operator_name of ["admin", "Olga"]) {
    const id = uuidv7();
    await cli.platform.operatorLog.begin({ ...action, id, operator_name });
    await cli.platform.operatorLog.end({ id, target_id: null, after: null });
  }
  expect(await cli.json("operators", "log", "--name", "Olga", "--since", "1h")).toMatchObject([
    { operator_name: "Olga", action: "pauseQueue", before: { paused_at: null } },
  ]);
  expect(await cli.json("operators", "log", "--since", "2999-01-01T00:00:00Z")).toEqual([]);
  const { stdout } = await cli.run("operators", "log");
  expect(stdout.split("\n").map((line) => line.split(/ {2,}/)[1])).toEqual([
    "OPERATOR",
    "Olga",
    "admin",
    undefined,
  ]);
});
