import { v7 as uuidv7 } from "uuid";
import { expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import type { NewJob } from "../../core/model/job.ts";

// Claims of whatever is next; those by id are tested with the jobs' life, in jobs.test.ts.

const ROOM = { 0: true, 1: true, 2: true };
const NO_ROOM = { 0: false, 1: false, 2: false };

test("takes high before medium before low, oldest first, and never more than asked", async () => {
  const { platform: own } = await createTestPlatform();
  const owner = await createCustomer(own);
  const echo = await createJobType(own);
  const jobs = [2, 0, 1, 0, 2, 1].map((priority) =>
    newJob({ customer_id: owner, job_type_id: echo, priority: priority as 0 | 1 | 2 }),
  );
  await own.jobs.submit(jobs, ROOM);
  const first = await own.jobs.claimTurns({ runner_id: await createRunner(own), max: 4 });
  const second = await own.jobs.claimTurns({ runner_id: await createRunner(own), max: 4 });
  expect([first.length, second.length]).toEqual([4, 2]);
  const order = [...first, ...second].map((job) => jobs.findIndex((one) => one.id === job.id));
  expect(order).toEqual([1, 3, 2, 5, 0, 4]);
});

test("customers get an equal share, high before low, whether their jobs are in the ready queue or not", async () => {
  const { platform: own } = await createTestPlatform();
  const [flooder, ...others] = await customersInOrder(own, 3);
  const echo = await createJobType(own);
  const of = (customer_id = "", count = 1, priority: 1 | 2 = 1) =>
    Array.from({ length: count }, () => newJob({ customer_id, job_type_id: echo, priority }));
  await own.jobs.submit(of(flooder, 5), ROOM);
  await own.jobs.submit([...of(flooder, 100), ...others.flatMap((id) => of(id, 3))], NO_ROOM);
  await own.jobs.submit(of(others[0], 2, 2), NO_ROOM);

  const runner_id = await createRunner(own);
  const shares = async (max: number) => {
    const claimed = await own.jobs.claimTurns({ runner_id, max });
    return [flooder, ...others].map((id) => claimed.filter((job) => job.customer_id === id).length);
  };
  expect(await shares(6)).toEqual([2, 2, 2]);
  expect(await shares(3)).toEqual([1, 1, 1]);
  expect(await shares(99)).toEqual([99, 0, 0]);
  expect(await shares(99)).toEqual([3, 2, 0]);
  expect(await shares(99)).toEqual([0, 0, 0]);
});

test("the turns go on with the next customer where it stopped, round and round", async () => {
  const { platform: own } = await createTestPlatform();
  const owners = await customersInOrder(own, 5);
  const echo = await createJobType(own);
  await own.jobs.submit(
    owners.flatMap((customer_id) => [1, 2, 3].map(() => newJob({ customer_id, job_type_id: echo }))),
    NO_ROOM,
  );
  const runner_id = await createRunner(own);
  const turns: number[][] = [];
  for (let round = 0; round < 5; round += 1) {
    const claimed = await own.jobs.claimTurns({ runner_id, max: 3 });
    turns.push(claimed.map((job) => owners.indexOf(job.customer_id)).toSorted((a, b) => a - b));
  }
  expect(turns).toEqual([
    [0, 1, 2],
    [0, 3, 4],
    [1, 2, 3],
    [0, 1, 4],
    [2, 3, 4],
  ]);
});

test.each([2, 3, 4, 5, 7, 9])(
  "%i places in the lists go round and round: nobody has a second before all have one",
  async (max) => {
    const { platform: own } = await createTestPlatform();
    const echo = await createJobType(own);
    const jobs = (await customersInOrder(own, 3)).map((customer_id) =>
      [1, 2, 3].map(() => newJob({ customer_id, job_type_id: echo })),
    );
    await own.jobs.submit(jobs.flat(), NO_ROOM);
    const turns = [0, 1, 2].flatMap((nth) => jobs.map((ofOne) => ofOne[nth]?.id));
    const listed = await own.waitingJobs.stampBacklog({ priority: 1, max, after: undefined });
    expect(listed.ids).toEqual(turns.slice(0, max));
  },
);

test("a customer with more types than a call chooses among has its turns, and so have those after it", async () => {
  const { platform: own } = await createTestPlatform();
  const [many, ...others] = await customersInOrder(own, 3);
  const types = await Promise.all(Array.from({ length: 90 }, () => createJobType(own)));
  const of = (customer_id = "", job_types: string[]) =>
    job_types.map((job_type_id) => newJob({ customer_id, job_type_id }));
  const jobs = [...of(many, types), ...others.flatMap((id) => of(id, types.slice(0, 2)))];
  await own.jobs.submit(jobs, NO_ROOM);

  const runner_id = await createRunner(own);
  const claim = (max: number) => own.jobs.claimTurns({ runner_id, max });
  const first = [...(await claim(1)), ...(await claim(1)), ...(await claim(1))];
  expect(first.map(({ id }) => id)).toEqual([jobs[0], jobs[90], jobs[92]].map((job) => job?.id));
  const listed = await own.waitingJobs.stampBacklog({ priority: 1, max: 40, after: undefined });
  expect(listed.ids).toEqual(jobs.slice(1, 41).map(({ id }) => id));
  expect((await claim(99)).map(({ id }) => id).toSorted()).toEqual(
    [...jobs.slice(1, 90), jobs[91], jobs[93]].map((job) => job?.id),
  );
});

test("claims at the same time take from different customers, and share them when there are no others; refill waits for none", async () => {
  const { platform: own, databaseUrl } = await createTestPlatform();
  const owners = await customersInOrder(own, 4);
  const echo = await createJobType(own);
  await own.jobs.submit(
    owners.flatMap((customer_id) =>
      Array.from({ length: 20 }, () => newJob({ customer_id, job_type_id: echo })),
    ),
    NO_ROOM,
  );
  const other = await connect(databaseUrl);
  await other.query("BEGIN");
  const { rows } = await other.query<{ customer_id: string }>(
    "SELECT customer_id FROM claim_next(2, $1, $2, false, false, '{}', '{}', '{}', '{}', '{}', '{}')",
    [await createRunner(own), uuidv7()],
  );
  const first = rows.map(({ customer_id }) => owners.indexOf(customer_id));
  expect(first.toSorted((a, b) => a - b)).toEqual([0, 1]);

  const runner_id = await createRunner(own);
  const shares = async (max: number) => {
    const claimed = await own.jobs.claimTurns({ runner_id, max });
    return owners.map((id) => claimed.filter((job) => job.customer_id === id).length);
  };
  expect(await shares(6)).toEqual([0, 0, 3, 3]);
  expect(await shares(54)).toEqual([10, 10, 17, 17]);
  expect((await own.waitingJobs.stampBacklog({ priority: 1, max: 100, after: undefined })).ids).toHaveLength(
    18,
  );
});

test("claims go past jobs of a paused type, and parks them", async () => {
  const { platform: own } = await createTestPlatform();
  const owner = await createCustomer(own);
  const [paused, running] = [await createJobType(own), await createJobType(own)];
  await own.jobTypes.setPaused(paused, true);
  const of = (job_type_id: string) =>
    Array.from({ length: 10 }, () => newJob({ customer_id: owner, job_type_id }));
  await own.jobs.submit(of(paused), NO_ROOM);
  const free = of(running);
  await own.jobs.submit(free, NO_ROOM);
  const runner_id = await createRunner(own);
  const claimed = await own.jobs.claimTurns({ runner_id, max: 5 });
  expect(claimed.map(({ id }) => id).toSorted()).toEqual(free.slice(0, 5).map(({ id }) => id));
  expect((await own.waitingJobs.overview())[1]).toMatchObject({ parked: 10, backlog: 5 });
});

test("runners that claim the next jobs at once share them out", async () => {
  const { platform: own } = await createTestPlatform({ poolSize: 10 });
  const owner = await createCustomer(own);
  const echo = await createJobType(own);
  await own.jobs.submit(
    Array.from({ length: 300 }, () => newJob({ customer_id: owner, job_type_id: echo })),
    ROOM,
  );
  const claims = await Promise.all(
    Array.from({ length: 8 }, async () =>
      own.jobs.claimTurns({ runner_id: await createRunner(own), max: 100 }),
    ),
  );
  const ids = claims.flat().map((job) => job.id);
  expect(new Set(ids).size).toBe(ids.length);
  ids.push(
    ...(await own.jobs.claimTurns({ runner_id: await createRunner(own), max: 1_000 })).map((job) => job.id),
  );
  expect(new Set(ids).size).toBe(300);
  expect(await brokenPromises(own)).toEqual([]);
});

function newJob(options: Pick<NewJob, "customer_id" | "job_type_id"> & Partial<NewJob>): NewJob {
  return { id: uuidv7(), priority: 1, input_data: {}, ...options };
}

/** Turns go by id. */
async function customersInOrder(own: OpenPlatform, count: number): Promise<string[]> {
  return (await Promise.all(Array.from({ length: count }, () => createCustomer(own)))).toSorted();
}
