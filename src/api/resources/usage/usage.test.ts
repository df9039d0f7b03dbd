import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import type { Outcome } from "../../../core/model/job.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

interface Owner {
  readonly customer_id: string;
  readonly job_type_id: string;
}

async function end({ platform }: TestApi, owner: Owner, kind: "succeeded" | "failed" | "cancelled") {
  const { id } = await submitJob(platform, { ...owner, input_data: null });
  if (kind === "cancelled") {
    await platform.jobs.cancel(id);
    return;
  }
  const [claimed] = await platform.jobs.claim({ runner_id: await createRunner(platform), ids: [id] });
  const attempt = claimed?.attempt ?? 0;
  const outcome: Outcome =
    kind === "succeeded"
      ? { id, attempt, kind, output: 1 }
      : { id, attempt, kind, error: { code: "x", message: "no" } };
  await platform.jobs.settle([outcome]);
}

async function keyOf(api: TestApi, customer_id: string): Promise<string> {
  return (await api.ask("POST", `/customers/${customer_id}/api-keys`, { body: {} })).body.api_key;
}

test("what ended is summed by day or hour and job type, for its customer alone", async () => {
  const api = await createTestApi();
  const [ada, bob] = [await createCustomer(api.platform), await createCustomer(api.platform)];
  const type = await createJobType(api.platform, { name: "=A type" });
  for (const kind of ["succeeded", "succeeded", "failed", "cancelled"] as const)
    await end(api, { customer_id: ada, job_type_id: type }, kind);
  await end(api, { customer_id: bob, job_type_id: type }, "succeeded");
  await upkeepTask(api.platform, "counting").runOnce();
  const key = await keyOf(api, ada);

  const { body } = await api.ask("GET", "/usage", { key });
  const row = {
    job_type_id: type,
    job_type: "=A type",
    succeeded: 2,
    failed: 1,
    cancelled: 1,
    charged_cents: 20,
  };
  expect(body).toMatchObject({ customer_id: ada, currency: "EUR", bucket: "day", data: [row] });
  expect(body.data[0].starts_at).toMatch(/T00:00:00Z$/);
  const hour = await api.ask("GET", "/usage?bucket=hour", { key });
  expect(hour.body.data).toMatchObject([row]);
  expect((await api.ask("GET", `/usage?customer_id=${ada}`)).body.data).toEqual(body.data);

  // An older day is a row of its own; a range has it or not.
  await runSql(
    api.databaseUrl,
    "INSERT INTO customer_counts SELECT customer_id, starts_at - interval '3 days', job_type_id, status, jobs, charged_cents FROM customer_counts",
  );
  expect((await api.ask("GET", "/usage", { key })).body.data).toHaveLength(2);
  const from = new Date(Date.now() - 24 * 60 * 60 * 1_000).toISOString();
  expect((await api.ask("GET", `/usage?from=${from}`, { key })).body.data).toHaveLength(1);
  expect((await api.ask("GET", `/usage?to=${from}`, { key })).body.data).toHaveLength(1);

  const csv = await api.ask("GET", `/usage?from=${from}`, { key, headers: { accept: "text/csv" } });
  expect(csv.text.split("\r\n")).toEqual([
    "starts_at,job_type_id,job_type,succeeded,failed,cancelled,charged_cents,charged,currency",
    expect.stringMatching(new RegExp(`Z,${type},'=A type,2,1,1,20,0\\.20,EUR$`)),
    "",
  ]);

  // Nobody sees the usage of somebody else.
  const foreign = await api.ask("GET", `/usage?customer_id=${bob}`, { key });
  expect([foreign.status, foreign.body.code]).toEqual([404, "not_found"]);
});

test("a wrong range names the field and the way out", async () => {
  const api = await createTestApi();
  const customer_id = await createCustomer(api.platform);
  const ask = async (query: string) => {
    const { status, body } = await api.ask("GET", `/usage?${query}`);
    return [status, body.errors?.[0] ?? body.code];
  };
  const of = `customer_id=${customer_id}`;
  expect(await ask("")).toEqual([
    422,
    { pointer: "/customer_id", message: "is required with an operator's key" },
  ]);
  expect(await ask(`${of}&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`)).toEqual([
    422,
    { pointer: "/from", message: "must be before `to`" },
  ]);
  expect(await ask(`${of}&from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z`)).toEqual([
    422,
    { pointer: "/from", message: "must be at most 92 days before `to`" },
  ]);
  expect(await ask(`${of}&bucket=hour&from=2026-01-01T00:00:00Z&to=2026-01-15T00:00:01Z`)).toEqual([
    422,
    { pointer: "/from", message: "must be at most 336 hours before `to`" },
  ]);
  expect(await ask("customer_id=019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11")).toEqual([404, "not_found"]);
});

test("old figures are forgotten", async () => {
  const api = await createTestApi();
  await runSql(
    api.databaseUrl,
    "INSERT INTO customer_counts SELECT gen_random_uuid(), now() - n * interval '50 days', gen_random_uuid(), 'failed', 1, 0 FROM generate_series(1, 3) n",
  );
  await api.platform.forgetExpired();
  const { rows } = await runSql(api.databaseUrl, "SELECT 1 FROM customer_counts");
  expect(rows).toHaveLength(1);
});
