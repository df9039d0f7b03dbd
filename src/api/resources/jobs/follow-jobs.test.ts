import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let job_type_id: string;
beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 0 });
});

const tenant = async () => {
  const id = await createCustomer(api.platform, 0);
  return { id, key: (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key as string };
};
const submit = async (key: string) =>
  (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: 1 } })).body.id as string;

test("with order=oldest a client follows its jobs, and the cursor goes on also after an empty answer", async () => {
  const { key } = await tenant();
  const other = await tenant();
  const seen: string[] = [];
  let cursor = "";
  const poll = async () => {
    const after = cursor && `&after=${cursor}`;
    const { status, body } = await api.ask("GET", `/jobs?order=oldest&limit=2${after}`, { key });
    expect([status, typeof body.next_cursor]).toEqual([200, "string"]);
    cursor = body.next_cursor;
    seen.push(...body.data.map((job: { id: string }) => job.id));
    return body.data.length;
  };
  expect(await poll()).toBe(0);
  const made: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 3; n += 1) made.push(await submit(key));
    await submit(other.key);
    await waitFor(async () => (await poll(), seen.length >= made.length), { describe: "the jobs" });
    expect(await poll()).toBe(0);
  }
  expect(seen).toEqual(made);
});

test("filters hold, and newest first stays the default", async () => {
  const { id, key } = await tenant();
  const first = await submit(key);
  const second = await submit(key);
  await api.ask("POST", `/jobs/${first}/cancel`, { key });
  const ids = async (query: string) =>
    (await api.ask("GET", `/jobs?customer_id=${id}${query}`)).body.data.map((job: { id: string }) => job.id);
  await waitFor(async () => (await ids("&order=oldest")).length === 2, { describe: "both jobs" });
  expect(await ids("&order=oldest")).toEqual([first, second]);
  expect(await ids("&order=oldest&status=pending")).toEqual([second]);
  expect(await ids("")).toEqual([second, first]);
  expect(await ids("&order=newest")).toEqual([second, first]);
});

test.each([
  ["order=oldest&after=rubbish", "/after"],
  ["order=oldest&after=", "/after"],
  [
    `order=oldest&after=${Buffer.from("019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11").toString("base64url")}`,
    "/after",
  ],
  [`order=oldest&after=${Buffer.from("a1 9000000000000000000 0 0 0").toString("base64url")}`, "/after"],
  [
    `order=oldest&cursor=${Buffer.from("019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11").toString("base64url")}`,
    "/cursor",
  ],
  [`after=${Buffer.from("a1 0 0 0 0").toString("base64url")}`, "/after"],
  ["order=sideways", "/order"],
])("GET /jobs?%s is refused", async (query, pointer) => {
  const { status, body } = await api.ask("GET", `/jobs?${query}`);
  expect([status, body.errors[0].pointer]).toEqual([422, pointer]);
});
