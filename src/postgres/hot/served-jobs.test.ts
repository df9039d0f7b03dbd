import { beforeEach, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { Priority } from "../../core/model/job.ts";
import type { ServedJobs } from "../../core/model/runner.ts";
import { submitJob } from "../../core/use-cases/submit-jobs.ts";

let platform: OpenPlatform;
let customer_id: string;

beforeEach(async () => {
  ({ platform } = await createTestPlatform());
  customer_id = await createCustomer(platform);
});

async function registerRunner(serves: Partial<ServedJobs>): Promise<string> {
  const id = uuidv7();
  await platform.runners.register({ id, host: "test", version: "test", slots: 10, ...serves });
  return id;
}

async function submitTo(processor: string, priority: Priority = 1): Promise<string> {
  const job_type_id = await createJobType(platform, { processing_logic_id: processor });
  return (await submitJob(platform, { customer_id, job_type_id, input_data: 1, priority })).id;
}

const idsOf = (jobs: readonly { id: string }[]) => jobs.map(({ id }) => id).toSorted();
const waitingFor = async (id: string) => (await platform.jobs.findById(id))?.waiting_for;

test("a runner claims jobs of its processors alone, in turns and by id; the others wait for theirs", async () => {
  const [common, rare] = [await submitTo("common"), await submitTo("rare")];
  const runner_id = await registerRunner({ processor_ids: ["common"] });
  expect([await waitingFor(common), await waitingFor(rare)]).toEqual(["slot", "runner"]);
  expect(await platform.jobs.claim({ runner_id, ids: [rare] })).toEqual([]);
  expect(idsOf(await platform.jobs.claimTurns({ runner_id, max: 10 }))).toEqual([common]);
  expect(await platform.jobs.claimTurns({ runner_id, max: 10 })).toEqual([]);
  expect(await platform.jobs.findById(rare)).toMatchObject({ status: "pending", attempt: 0 });
  expect(await platform.waitingJobs.unserved()).toMatchObject([{ processing_logic_id: "rare", waiting: 1 }]);

  const able = await registerRunner({ processor_ids: ["rare", "common"] });
  expect([await waitingFor(rare), await platform.waitingJobs.unserved()]).toEqual(["slot", []]);
  expect(idsOf(await platform.jobs.claim({ runner_id: able, ids: [rare] }))).toEqual([rare]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a job that waits behind thousands which a runner does not serve is claimed as if they were not there", async () => {
  const rare = await createJobType(platform, { processing_logic_id: "rare" });
  await platform.jobs.submit(
    Array.from({ length: 1_000 }, () => ({
      id: uuidv7(),
      customer_id,
      job_type_id: rare,
      priority: 0 as const,
      input_data: 1,
    })),
    { 0: false, 1: false, 2: false },
  );
  const common = await submitTo("common", 2);
  const runner_id = await registerRunner({ processor_ids: ["common"] });
  expect(idsOf(await platform.jobs.claimTurns({ runner_id, max: 1 }))).toEqual([common]);
});

test("a runner may be restricted to job types, by name or id, and to priorities", async () => {
  const [named, identified, other] = await Promise.all(
    [0, 1, 2].map(() => createJobType(platform, { processing_logic_id: "echo" })),
  );
  const name = (await platform.jobTypes.findById(named ?? ""))?.name ?? "";
  const submit = async (job_type_id = "", priority: Priority = 1) =>
    (await submitJob(platform, { customer_id, job_type_id, input_data: 1, priority })).id;
  const [a, b, c] = [await submit(named), await submit(identified), await submit(other)];
  const low = await submit(named, 2);
  const runner_id = await registerRunner({
    processor_ids: ["echo"],
    restricted_to: [name, identified ?? ""],
    priorities: [0, 1],
  });
  expect(await platform.jobs.claim({ runner_id, ids: [c, low] })).toEqual([]);
  expect(idsOf(await platform.jobs.claimTurns({ runner_id, max: 10 }))).toEqual([a, b].toSorted());
  expect([await waitingFor(c), await waitingFor(low)]).toEqual(["runner", "runner"]);
});

test("no more jobs of a limited customer or type run than may, and what waits blocks nobody", async () => {
  await platform.customers.update(customer_id, { running_limit: 2 });
  const [limited, free] = [await createJobType(platform), await createJobType(platform)];
  await platform.jobTypes.update(limited, { running_limit: 3 });
  const other = await createCustomer(platform);
  const submit = async (owner: string, job_type_id: string, count: number) => {
    for (let n = 0; n < count; n += 1)
      await submitJob(platform, { customer_id: owner, job_type_id, input_data: n });
  };
  await submit(customer_id, free, 10);
  await submit(other, limited, 10);
  await submit(other, free, 2);
  const runner_id = await registerRunner({});
  const first = await platform.jobs.claimTurns({ runner_id, max: 100 });
  const count = (owner: string, type: string) =>
    first.filter((job) => job.customer_id === owner && job.job_type_id === type).length;
  expect([count(customer_id, free), count(other, limited), count(other, free)]).toEqual([2, 3, 2]);
  expect(await platform.jobs.claimTurns({ runner_id, max: 100 })).toEqual([]);
  const [blocked] = await platform.jobs.list({ customer_id, status: "pending" }, { limit: 1 });
  expect(blocked?.waiting_for).toBe("limit");
  // By id as little: the queue does not list what has a limit.
  expect(await platform.jobs.claim({ runner_id, ids: [blocked?.id ?? ""] })).toEqual([]);

  const ended = first.find((job) => job.customer_id === customer_id);
  await platform.jobs.settle([
    { id: ended?.id ?? "", attempt: ended?.attempt ?? 0, kind: "succeeded", output: 1 },
  ]);
  expect((await platform.jobs.claimTurns({ runner_id, max: 100 })).map((job) => job.customer_id)).toEqual([
    customer_id,
  ]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("limits hold whoever claims at the same time", async () => {
  await platform.customers.update(customer_id, { running_limit: 5 });
  const job_type_id = await createJobType(platform);
  for (let n = 0; n < 40; n += 1) await submitJob(platform, { customer_id, job_type_id, input_data: n });
  const runners = await Promise.all(Array.from({ length: 6 }, () => registerRunner({})));
  const claims = await Promise.all(
    runners.flatMap((runner_id) => [1, 2, 3].map(() => platform.jobs.claimTurns({ runner_id, max: 4 }))),
  );
  const late = await platform.jobs.claimTurns({ runner_id: runners[0] ?? "", max: 10 });
  expect([...claims.flat(), ...late]).toHaveLength(5);
});

test("a customer with twice the weight gets twice the slots; who has jobs running gets fewer new ones", async () => {
  const [heavy, light] = [customer_id, await createCustomer(platform)];
  await platform.customers.update(heavy, { weight: 2 });
  const job_type_id = await createJobType(platform);
  await platform.jobs.submit(
    [heavy, light].flatMap((owner) =>
      Array.from({ length: 60 }, () => ({
        id: uuidv7(),
        customer_id: owner,
        job_type_id,
        priority: 1 as const,
        input_data: 1,
      })),
    ),
    { 0: false, 1: false, 2: false },
  );
  const runner_id = await registerRunner({});
  const shares = async (max: number, running?: ReadonlyMap<string, number>) => {
    const claimed = await platform.jobs.claimTurns({ runner_id, max, running });
    return [heavy, light].map((id) => claimed.filter((job) => job.customer_id === id).length);
  };
  expect(await shares(9)).toEqual([6, 3]);
  expect(await shares(6, new Map([[heavy, 6]]))).toEqual([2, 4]);
  expect(await shares(3, new Map([[heavy, 100]]))).toEqual([0, 3]);
  // One at a time, what was started of late decides: 8 for twice the weight, and 10.
  const turns = [0, 0];
  for (let n = 0; n < 36; n += 1) {
    const [more = 0, fewer = 0] = await shares(1);
    turns[0] = (turns[0] ?? 0) + more;
    turns[1] = (turns[1] ?? 0) + fewer;
  }
  expect(turns[0]).toBeGreaterThanOrEqual(20);
  expect(turns[1]).toBeGreaterThanOrEqual(8);
});
