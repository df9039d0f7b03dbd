import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { hashApiKey } from "../../../core/model/api-key.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

test("a key is shown once, works until it is revoked, and is listed without its secret", async () => {
  const id = await createCustomer(cli.platform);
  const { exitCode, stdout } = await cli.run("customers", "keys", "create", id, "--name", "production");
  expect(exitCode).toBe(0);
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
    exitCode: 1,
    stdout: "",
  });
  expect(await cli.json("customers", "keys", "revoke", id, key?.id ?? "")).toEqual({
    id: key?.id,
    revoked: true,
  });
  expect(await cli.platform.customers.findByApiKey(hashApiKey(api_key))).toBeUndefined();
});

test("a key may have fewer scopes and an end, and is rolled with an overlap", async () => {
  const id = await createCustomer(cli.platform);
  const terms = ["--name", "reports", "--scopes", "jobs:read, wallet:read", "--expires", "90d"];
  const old = (await cli.json("customers", "keys", "create", id, ...terms)) as {
    id: string;
    api_key: string;
  };
  const rolled = (await cli.json("customers", "keys", "roll", id, old.id, "--overlap", "12h")) as {
    id: string;
    api_key: string;
    expires_at: string;
    replaced: { id: string; expires_at: string };
  };
  expect(rolled.replaced.id).toBe(old.id);
  expect(hoursAhead(rolled.replaced.expires_at)).toBeCloseTo(12, 1);
  expect(hoursAhead(rolled.expires_at)).toBeCloseTo(90 * 24, 1);

  const keys = await cli.json("customers", "keys", "list", id);
  expect(keys).toMatchObject([
    { id: rolled.id, name: "reports", scopes: ["jobs:read", "wallet:read"], expires_at: rolled.expires_at },
    { id: old.id, scopes: ["jobs:read", "wallet:read"], expires_at: rolled.replaced.expires_at },
  ]);
  const { stdout } = await cli.run("customers", "keys", "list", id);
  expect(stdout).toContain("jobs:read, wallet:read");
  expect(await cli.platform.customers.findByApiKey(hashApiKey(old.api_key))).toMatchObject({ id });
  expect(await cli.platform.customers.findByApiKey(hashApiKey(rolled.api_key))).toMatchObject({ id });

  await cli.json("customers", "keys", "roll", id, rolled.id, "--overlap", "0s", "--expires", "none");
  expect(await cli.platform.customers.findByApiKey(hashApiKey(rolled.api_key))).toBeUndefined();
  expect(await cli.json("customers", "keys", "list", id)).toMatchObject([{ expires_at: null }, {}, {}]);
  const again = await cli.run("customers", "keys", "roll", id, rolled.id);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("has no valid API key")]);
});

test.each([
  ["--scopes", "jobs:read,money", "must be some of jobs:write, jobs:read, wallet:read"],
  ["--scopes", "", "must be some of"],
  ["--expires", "90", "must be none, a time such as"],
  ["--expires", "0s", "must be in the future"],
  ["--expires", "2020-01-01T00:00:00Z", "must be in the future"],
  ["--expires", "999999999d", "must be none, a time such as"],
])("%s %j is refused", async (option, value, message) => {
  const { exitCode, stderr } = await cli.run("customers", "keys", "create", uuidv7(), option, value);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test.each(["31d", "1", "-1s", "1w"])("an overlap of %j is refused", async (overlap) => {
  const { exitCode, stderr } = await cli.run(
    "customers",
    "keys",
    "roll",
    uuidv7(),
    uuidv7(),
    "--overlap",
    overlap,
  );
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("30d at most")]);
});

function hoursAhead(time: string): number {
  return (Date.parse(time) - Date.now()) / 3_600_000;
}
