import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { startEmbeddedPostgres } from "../../src/local/embedded-postgres.ts";
import { migrateUp } from "../../src/postgres/connection/migrator.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { httpClient, type Request } from "../support/http-client.ts";
import { ADMIN_API_KEY, expectCleanAudit, postCustomer, postJobType, startApi } from "../support/stack.ts";
import { dataFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// A customer's key in real processes: what is cached of it, and how patient it is.

async function keyOf(request: Request, customer: string): Promise<{ id: string; api_key: string }> {
  const { body } = await request<{ id: string; api_key: string }>(
    "POST",
    `/customers/${customer}/api-keys`,
    {},
  );
  return body;
}

test("a key that is revoked through one API is refused by another within a second", async () => {
  const environment = { DATABASE_URL: (await createTestDatabase()).url };
  const [one, other] = await Promise.all([startApi(environment), startApi(environment)]);
  const customer = await postCustomer(one.request, "Revoked", 100);
  const { id, api_key } = await keyOf(one.request, customer);
  const [atOne, atOther] = [one, other].map(({ url }) => httpClient(url, api_key));
  if (!atOne || !atOther) throw new Error("no clients");
  const read = async (client: Request) => (await client("GET", `/customers/${customer}`)).status;
  const until = performance.now() + 1_000;
  while (performance.now() < until) expect([await read(atOne), await read(atOther)]).toEqual([200, 200]);
  const revoked = await fetch(`${one.url}/customers/${customer}/api-keys/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${ADMIN_API_KEY}` },
  });
  expect(revoked.status).toBe(204);
  const revoked_at = performance.now();
  expect(await read(atOne)).toBe(401);
  await waitFor(async () => (await read(atOther)) === 401, { describe: "401 at the other" });
  expect(performance.now() - revoked_at).toBeLessThan(1_000);
});

test.each(["a customer's key", "the admin key"])(
  "PostgreSQL is away for 1.5 s: submissions with %s wait, and none is refused",
  async (whose) => {
    const dataDir = `${await dataFolder()}/postgres`;
    let postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
    atTheEnd(() => postgres.stop("immediate"));
    await migrateUp(postgres.url);
    const environment = { DATABASE_URL: postgres.url };
    const { request, url } = await startApi(environment);
    const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 1 });
    const customer = await postCustomer(request, "Patient", 100_000);
    const { api_key } = await keyOf(request, customer);
    const submit = whose === "the admin key" ? request : httpClient(url, api_key);
    const body = { customer_id: customer, job_type_id: type, input_data: 1 };
    const answers: Promise<{ status: number; took_ms: number }>[] = [];
    const timed = async () => {
      const started_at = performance.now();
      const { status } = await submit<Job>("POST", "/jobs", body);
      return { status, took_ms: performance.now() - started_at };
    };
    const stopping = new AbortController();
    const load = (async () => {
      while (!stopping.signal.aborted) {
        answers.push(timed());
        await wait(25);
      }
    })();
    await waitFor(() => answers.length > 10);
    await postgres.stop("immediate");
    await wait(1_200);
    postgres = await startEmbeddedPostgres({ dataDir, port: postgres.port, settings: { fsync: "off" } });
    const count = answers.length;
    await waitFor(() => answers.length > count + 10);
    stopping.abort();
    await load;
    const all = await Promise.all(answers);
    expect(all.filter(({ status }) => status !== 201)).toEqual([]);
    expect(Math.max(...all.map(({ took_ms }) => took_ms))).toBeGreaterThan(500);
    await expectCleanAudit(environment);
  },
  60_000,
);

test("PostgreSQL stays away: a submission with a customer's key is refused when patience is over, a read at once", async () => {
  const dataDir = `${await dataFolder()}/postgres`;
  const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  atTheEnd(() => postgres.stop("immediate"));
  await migrateUp(postgres.url);
  const { request, url } = await startApi({ DATABASE_URL: postgres.url });
  const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 1 });
  const customer = await postCustomer(request, "Patient", 100);
  const { api_key } = await keyOf(request, customer);
  const client = httpClient(url, api_key);
  const body = { job_type_id: type, input_data: 1 };
  expect((await client("POST", "/jobs", body)).status).toBe(201);
  await postgres.stop("immediate");
  // What is cached is no longer believed.
  await waitFor(async () => (await client("GET", `/customers/${customer}`)).status === 503);
  await wait(1_000);
  const asked_at = performance.now();
  const [submission, read_ms] = await Promise.all([
    client("POST", "/jobs", body),
    client("GET", `/customers/${customer}`).then(() => performance.now() - asked_at),
  ]);
  const refused_ms = performance.now() - asked_at;
  expect(submission).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect(submission.headers.get("retry-after")).toBe("1");
  expect(refused_ms).toBeGreaterThan(4_500);
  expect(refused_ms).toBeLessThan(5_500);
  expect(read_ms).toBeLessThan(1_000);
});
