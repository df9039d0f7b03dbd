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
