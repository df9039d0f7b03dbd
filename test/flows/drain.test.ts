import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { createGatedProcessor } from "../support/gated-processor.ts";
import { startIep } from "../support/processes.ts";
import {
  expectCleanAudit,
  jobEnded,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  submitAll,
} from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

interface Runners {
  readonly data: readonly {
    readonly id: string;
    readonly running: number;
    readonly draining_at: string | null;
  }[];
}

test("a runner that an operator drains finishes its job and exits 0; another API than then sees it drain", async () => {
  const environment = { DATABASE_URL: (await createTestDatabase()).url };
  const first = await startApi(environment);
  const { directory, gate, openGate } = await createGatedProcessor();
  const withGate = { ...environment, PROCESSORS_DIR: directory };
  const runner = await startRunner(withGate);
  const job_type_id = await postJobType(first.request, {
    processing_logic_id: "test.gated",
    standard_cost_cents: 1,
  });
  const customer_id = await postCustomer(first.request, "Ada", 100);
  const job = { customer_id, job_type_id, input_data: gate };
  const [id = ""] = await submitAll(first.request, [job]);
  const list = async (request = first.request) => (await request<Runners>("GET", "/runners")).body.data;
  const [running] = await waitFor(async () => {
    const found = await list();
    return found[0]?.running === 1 && found;
  });
  const drained = await first.request("POST", `/runners/${running?.id}/drain`, { exit: true });
  expect(drained.body).toMatchObject({ exits_when_drained: true });

  // The API of then goes, and another one comes.
  first.api.signal("SIGKILL");
  await first.api.exited;
  const { request } = await startApi(environment);
  expect((await list(request))[0]).toMatchObject({ running: 1, draining_at: drained.body["draining_at"] });
  const [later = ""] = await submitAll(request, [job]);
  await openGate();

  expect(await runner.exited).toEqual({ code: 0, signal: null });
  expect(await list(request)).toEqual([]);
  expect((await jobEnded(request, id)).status).toBe("succeeded");
  expect((await request("GET", `/jobs/${later}`)).body).toMatchObject({
    status: "pending",
    waiting_for: "runner",
  });
  const doctor = startIep(["doctor"], { env: environment });
  expect((await doctor.exited).code).toBe(1);
  await startRunner(withGate);
  expect((await jobEnded(request, later)).status).toBe("succeeded");
  await expectCleanAudit(environment);
});
