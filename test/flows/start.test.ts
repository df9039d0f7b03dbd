import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { startIep } from "../support/processes.ts";
import { runSql } from "../support/sql.ts";
import {
  ADMIN_API_KEY,
  jobEnded,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
} from "../support/stack.ts";
import { roleGrants } from "../support/role-grants.ts";

const NEWER =
  "INSERT INTO schema_migrations (version, name, checksum, breaks_before) VALUES ('2999-01-01-000001', 'newer', '', $1)";

test("a role that may create nothing runs api, runner and doctor", async () => {
  const database = await createTestDatabase();
  const { url } = database;
  const role = `plain_${randomBytes(4).toString("hex")}`;
  await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'plain'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
  atTheEnd(async () => {
    await database.drop();
    await runSql(inject("postgresUrl"), `DROP ROLE ${role}`);
  });
  await runSql(url, (await roleGrants()).replaceAll("iep_run", role));
  const DATABASE_URL = Object.assign(new URL(url), { username: role, password: "plain" }).href;
  const environment = { DATABASE_URL };
  const [{ request }] = await Promise.all([startApi(environment), startRunner(environment)]);
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Plain", 100);
  const job = await request<{ id: string }>("POST", "/jobs", {
    customer_id: customer,
    job_type_id: type,
    input_data: 1,
  });
  expect(await jobEnded(request, job.body.id)).toMatchObject({ status: "succeeded" });
  const doctor = startIep(["doctor", "--json"], { env: environment });
  await doctor.exited;
  expect(JSON.parse(doctor.stdout.join("\n"))).toContainEqual(
    expect.objectContaining({ check: "schema", state: "ok" }),
  );
});

test("an older release starts beside a newer schema with a warning, and not beside one that breaks it", async () => {
  const { url } = await createTestDatabase();
  await runSql(url, "ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS breaks_before text");
  await runSql(url, NEWER, [null]);
  const { request, api } = await startApi({ DATABASE_URL: url });
  expect((await request("GET", "/readyz")).status).toBe(200);
  expect(api.stdout.join("\n")).toMatch(/2999-01-01-000001_newer.*a newer release than \S+ was here/);

  await runSql(url, "UPDATE schema_migrations SET breaks_before = '999.0.0' WHERE name = 'newer'");
  const started_at = performance.now();
  const broken = startIep(["api"], { env: { DATABASE_URL: url, ADMIN_API_KEY, PORT: "0" } });
  expect(await broken.exited).toEqual({ code: 1, signal: null });
  expect(performance.now() - started_at).toBeLessThan(15_000);
  expect(broken.stderr.join("\n")).toMatch(/^error: this is release .*breaks releases before 999\.0\.0/);
});
