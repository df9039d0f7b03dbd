import { beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let runner_id: string;
let customer_id: string;
let job_type_id: string;
let key: string;

beforeEach(async () => {
  api = await createTestApi();
  runner_id = await createRunner(api.platform);
  customer_id = await createCustomer(api.platform);
  job_type_id = await createJobType(api.platform);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
});

async function submit(type = job_type_id): Promise<string> {
  const body = { customer_id, job_type_id: type, input_data: 1 };
  return (await api.ask("POST", "/jobs", { body })).body.id;
}

async function claimAll(): Promise<string[]> {
  return (await api.platform.jobs.claimTurns({ runner_id, max: 100 })).map(({ id }) => id);
}

const medium = async () => (await api.ask("GET", "/queue")).body.priorities[1];

describe("a paused job type", () => {
  test("has its jobs held back while another type's run, and they come back when it is resumed", async () => {
    const other = await createJobType(api.platform);
    const held = [await submit(), await submit()];
    const free = await submit(other);
    const paused = await api.ask("POST", `/job-types/${job_type_id}/pause`);
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ id: job_type_id, paused_at: expect.any(String) });
    expect((await api.ask("GET", `/job-types/${job_type_id}`)).body).toEqual(paused.body);

    expect(await claimAll()).toEqual([free]);
    expect(await medium()).toMatchObject({ backlog: 0, parked: 2 });
    held.push(await submit()); // Submissions are taken.
    expect(await claimAll()).toEqual([]);
    expect(await medium()).toMatchObject({ backlog: 0, parked: 3 });
    expect(await api.platform.waitingJobs.unpark(1_000)).toBe(0);
    expect(await brokenPromises(api.platform)).toEqual([]);

    const resumed = await api.ask("POST", `/job-types/${job_type_id}/resume`);
    expect([resumed.status, resumed.body.paused_at]).toEqual([200, null]);
    expect(await api.platform.waitingJobs.unpark(1_000)).toBe(3);
    expect(await medium()).toMatchObject({ backlog: 3, parked: 0 });
    expect((await claimAll()).toSorted()).toEqual(held);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("stays paused since the first time, and resuming what runs changes nothing", async () => {
    const pause = async () => (await api.ask("POST", `/job-types/${job_type_id}/pause`)).body;
    expect(await pause()).toEqual(await pause());
    const resume = async () => (await api.ask("POST", `/job-types/${job_type_id}/resume`)).body;
    expect(await resume()).toEqual(await resume());
  });

  test("lets a job of its be cancelled while it is held back", async () => {
    const id = await submit();
    await api.ask("POST", `/job-types/${job_type_id}/pause`);
    await claimAll();
    expect((await medium()).parked).toBe(1);
    expect((await api.ask("POST", `/jobs/${id}/cancel`, { key })).body.status).toBe("cancelled");
    expect((await medium()).parked).toBe(0);
    const wallet = (await api.ask("GET", `/customers/${customer_id}/wallet`)).body;
    expect(wallet.pending_charges_cents).toBe(0);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("lets running jobs end", async () => {
    const id = await submit();
    const [job] = await api.platform.jobs.claim({ runner_id, ids: [id] });
    await api.ask("POST", `/job-types/${job_type_id}/pause`);
    const outcome = { id, attempt: job?.attempt ?? 0, kind: "succeeded", output: 1 } as const;
    expect(await api.platform.jobs.settle([outcome])).toEqual([]);
  });

  test("that does not exist is not found", async () => {
    for (const verb of ["pause", "resume"])
      expect((await api.ask("POST", `/job-types/${uuidv7()}/${verb}`)).body.code).toBe("not_found");
  });
});

describe("the paused queue", () => {
  test("starts nothing until it is resumed, and says since when", async () => {
    const id = await submit();
    expect((await api.ask("GET", "/queue")).body.paused_at).toBeNull();
    const paused = await api.ask("POST", "/queue/pause");
    expect([paused.status, paused.body.paused_at]).toEqual([200, expect.any(String)]);
    expect(paused.body).toEqual({
      ...(await api.ask("GET", "/queue")).body,
      priorities: expect.any(Array),
    });
    expect((await api.ask("POST", "/queue/pause")).body.paused_at).toBe(paused.body.paused_at);
    expect(await claimAll()).toEqual([]);
    expect(await api.platform.jobs.claim({ runner_id, ids: [id] })).toEqual([]);
    expect(await medium()).toMatchObject({ backlog: 1, parked: 0 });

    const resumed = await api.ask("POST", "/queue/resume", { body: {} });
    expect([resumed.status, resumed.body.paused_at]).toEqual([200, null]);
    expect(await claimAll()).toEqual([id]);
  });
});

test("living runners are listed, and those that ended are not", async () => {
  const second = uuidv7();
  await api.platform.runners.register({
    id: second,
    host: "worker-2",
    version: "1.2.3",
    slots: 32,
    processor_ids: ["echo"],
    restricted_to: ["Echo"],
    priorities: [0, 1],
  });
  const { status, body } = await api.ask("GET", "/runners");
  expect(status).toBe(200);
  expect(body).toEqual({
    data: [
      expect.objectContaining({ id: runner_id }),
      {
        id: second,
        host: "worker-2",
        version: "1.2.3",
        slots: 32,
        processor_ids: ["echo"],
        restricted_to: ["Echo"],
        priorities: [0, 1],
        started_at: expect.any(String),
        heartbeat_at: expect.any(String),
        draining_at: null,
        exits_when_drained: false,
        running: 0,
      },
    ],
    next_cursor: null,
  });
  const drained = await api.ask("POST", `/runners/${second}/drain`, { body: { exit: true } });
  expect(drained.body).toMatchObject({ draining_at: expect.any(String), exits_when_drained: true });
  const { draining_at } = drained.body;
  const again = await api.ask("POST", `/runners/${second}/drain`, { body: {} });
  expect(again.body).toMatchObject({ draining_at, exits_when_drained: false });
  const resumed = await api.ask("POST", `/runners/${second}/resume`);
  expect(resumed.body).toEqual(body.data[1]);
  expect((await api.ask("POST", `/runners/${uuidv7()}/drain`, { body: {} })).status).toBe(404);
  await api.platform.runners.deregister(second);
  expect((await api.ask("GET", "/runners")).body.data).toHaveLength(1);
});

test("operations are the admin's, take no fields, and change nothing when refused", async () => {
  const posts = [
    `/job-types/${job_type_id}/pause`,
    `/job-types/${job_type_id}/resume`,
    "/queue/pause",
    "/queue/resume",
  ];
  const forbidden = await Promise.all([
    api.ask("GET", "/runners", { key }),
    ...posts.map((url) => api.ask("POST", url, { key })),
  ]);
  expect(forbidden.map(({ status, body }) => [status, body.code])).toEqual(
    forbidden.map(() => [403, "forbidden"]),
  );
  const refused = await Promise.all(posts.map((url) => api.ask("POST", url, { body: { until: 1 } })));
  expect(refused.map(({ body }) => body.errors?.[0]?.pointer)).toEqual(posts.map(() => "/until"));
  expect((await api.ask("GET", `/job-types/${job_type_id}`)).body.paused_at).toBeNull();
  expect((await api.ask("GET", "/queue")).body.paused_at).toBeNull();
});
