import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { pgbouncerVersion, startPgbouncer } from "../support/pgbouncer.ts";
import {
  allEnded,
  expectCleanAudit,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  submitAll,
} from "../support/stack.ts";

const pgbouncer = await pgbouncerVersion();

// Skipped where PgBouncer is not installed: on Debian, apt-get install pgbouncer.
test.skipIf(pgbouncer === undefined).each([
  ["alone", false],
  ["beside DATABASE_DIRECT_URL", true],
])(
  "all of the platform through PgBouncer in transaction mode, %s: jobs run, the audit is clean",
  async (_how, direct) => {
    const { url } = await createTestDatabase();
    const environment = {
      DATABASE_URL: await startPgbouncer(url, 4),
      ...(direct ? { DATABASE_DIRECT_URL: url } : {}),
    };
    const { request } = await startApi(environment);
    const runner = await startRunner(environment);
    const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
    const customer = await postCustomer(request, "Pooled", 100_000);
    const jobs = Array.from({ length: 200 }, (_, n) => ({
      customer_id: customer,
      job_type_id: type,
      input_data: n,
    }));
    await submitAll(request, jobs);
    const ended = await allEnded(request, customer);
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
    await expectCleanAudit(environment);
    runner.signal("SIGTERM");
    expect(await runner.exited).toEqual({ code: 0, signal: null });
  },
);
