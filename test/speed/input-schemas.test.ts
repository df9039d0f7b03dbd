import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { metaschemas } from "../../src/core/lib/json-schema/metaschemas.ts";
import { CHECK_MAX_MS } from "../../src/core/model/limits.ts";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { ADMIN_API_KEY, postCustomer, postJobType, startApi, startRunner } from "../support/stack.ts";
import { runSql } from "../support/sql.ts";
import { waitFor } from "../support/wait-for.ts";

// What an operator writes as an input schema, or a customer sends against it, must not stop the API for others.

const MIB = 1_048_576;
const RSS_MAX = 400 * MIB;
const HEALTH_MAX_MS = 500;

type Api = Awaited<ReturnType<typeof startPlatform>>;

async function startPlatform() {
  const { url: databaseUrl } = await createTestDatabase();
  const { request, api, url } = await startApi({ DATABASE_URL: databaseUrl });
  const customer_id = await postCustomer(request, "Somebody", 1_000_000);
  const other_id = await postCustomer(request, "Somebody else", 1_000_000);

  interface Submitted {
    readonly id?: string;
    readonly code?: string;
    readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  }
  return {
    pid: api.pid,
    databaseUrl,
    customer_id,
    other_id,
    request,
    /** Sends a body that is written already. */
    async post(path: string, body: string): Promise<Submitted> {
      const headers = { authorization: `Bearer ${ADMIN_API_KEY}`, "content-type": "application/json" };
      const response = await fetch(`${url}${path}`, { method: "POST", headers, body });
      // A job or a problem, as the API documents them.
      return (await response.json()) as Submitted;
    },
    typeWith: (input_schema: unknown) =>
      postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 1, input_schema }),
    async submit(job_type_id: string, input_data: unknown, customer = customer_id) {
      return await request<Submitted>("POST", "/jobs", { customer_id: customer, job_type_id, input_data });
    },
  };
}

/** Does the work while it asks `/healthz` again and again. Returns the slowest reply and the largest RSS. */
async function watching<T>({ request, pid }: Api, work: Promise<T>) {
  let isDone = false;
  const ended = work.finally(() => {
    isDone = true;
  });
  let slowest_ms = 0;
  await Promise.all([
    ended,
    waitFor(
      async () => {
        const asked_at = performance.now();
        expect((await request("GET", "/healthz")).status).toBe(200);
        slowest_ms = Math.max(slowest_ms, performance.now() - asked_at);
        return isDone;
      },
      { timeoutMs: PATIENCE_MS, describe: "the hostile requests to end" },
    ),
  ]);
  return { result: await ended, slowest_ms, rss: await residentBytes(pid) };
}

async function residentBytes(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, "utf8")).split(" ");
  return Number(pages) * 4_096;
}

test.runIf(process.platform === "linux")(
  "twenty refused requests of a megabyte leave the API small and quick",
  { timeout: 180_000 },
  async () => {
    const platform = await startPlatform();
    const type = await platform.typeWith({
      type: "array",
      items: { anyOf: Array.from({ length: 20 }, (_, n) => ({ type: "object", required: [`k${n}`] })) },
    });
    // Written once: the watcher's own event loop must not stand still for it.
    const input = `[${Array.from({ length: 349_000 }, () => "{}").join(",")}]`;
    const body = `{"customer_id":"${platform.customer_id}","job_type_id":"${type}","input_data":${input}}`;
    const requests = async () => {
      const codes: unknown[] = [];
      for (let n = 0; n < 20; n += 1) {
        const problem = await platform.post("/jobs", body);
        expect(problem.errors?.length).toBeLessThanOrEqual(20);
        codes.push(problem.code);
      }
      return codes;
    };
    const { result, slowest_ms, rss } = await watching(platform, requests());
    expect(new Set(result)).toEqual(new Set(["input_invalid"]));
    expect(rss).toBeLessThan(RSS_MAX);
    expect(slowest_ms).toBeLessThan(HEALTH_MAX_MS);
  },
);

const BACKTRACKED = `${"a".repeat(40)}!`;
const OBJECTS = Array.from({ length: 10_000 }, (_, n) => ({ n }));

test.runIf(process.platform === "linux").each<[name: string, schema: unknown, input: unknown]>([
  ["nested repetitions", { pattern: "^(\\w+\\s?)*$" }, BACKTRACKED],
  [
    "repetitions of alternatives",
    { items: { pattern: "^(a|a)+$" } },
    Array.from({ length: 50 }, () => BACKTRACKED),
  ],
  ["a pattern of names", { patternProperties: { "^(a+)+$": true } }, { [BACKTRACKED]: 1 }],
  ["spaces", { pattern: "\\s+$" }, `${" ".repeat(900_000)}!`],
  ["a format", { format: "url" }, `http://${"a:".repeat(400_000)}`],
])("%s: bounded, and the others are served", { timeout: 120_000 }, async (_name, schema, input) => {
  const platform = await startPlatform();
  const type = await platform.typeWith({ anyOf: [schema, { type: "null" }] });
  const plain = await platform.typeWith({ pattern: "^(?:ab)*$" });
  const attack = Promise.all(Array.from({ length: 3 }, () => platform.submit(type, input)));
  const others = Promise.all(
    Array.from({ length: 8 }, () => platform.submit(plain, "abab", platform.other_id)),
  );
  const { result, slowest_ms } = await watching(platform, attack);
  for (const { body, status } of result) expect([status, body.code]).toEqual([422, "input_invalid"]);
  expect((await others).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
  expect(slowest_ms).toBeLessThan(HEALTH_MAX_MS);
  // The thread that was ended is replaced, and the type takes what is quick.
  expect((await platform.submit(type, null)).status).toBe(201);
});

test("unique items are found out in time that grows with their number", async () => {
  const platform = await startPlatform();
  const type = await platform.typeWith({ uniqueItems: true });
  expect((await platform.submit(type, OBJECTS)).status).toBe(201);
  const twice = await platform.submit(type, [...OBJECTS, { n: 7 }]);
  expect(twice.body.errors).toEqual([
    {
      pointer: "/input_data",
      message: "must NOT have duplicate items (items 7 and 10000 are identical)",
    },
  ]);
});

test("a check that takes too long says so, with what to do", async () => {
  const platform = await startPlatform();
  const type = await platform.typeWith({ pattern: "^(a+)+$" });
  expect((await platform.submit(type, BACKTRACKED)).body.errors).toEqual([
    { pointer: "/input_data", message: expect.stringContaining(`within ${CHECK_MAX_MS} ms`) },
  ]);
});

test("a job type whose schema is the metaschema, or has a known $id, spoils no other one", async () => {
  const platform = await startPlatform();
  const [metaschema] = metaschemas();
  const plain = await platform.typeWith({ type: "string" });
  for (const schema of [
    metaschema,
    { $id: metaschema?.$id, type: "object" },
    { $id: "urn:x", type: "object" },
  ]) {
    const type = await platform.typeWith(schema);
    for (let n = 0; n < 3; n += 1) {
      expect((await platform.submit(type, { type: "object" })).status).toBe(201);
      expect((await platform.submit(type, "text")).body.code).toBe("input_invalid");
    }
  }
  expect((await platform.submit(plain, "text")).status).toBe(201);
  expect((await platform.submit(plain, 5)).body.code).toBe("input_invalid");
  expect((await platform.submit(await platform.typeWith({ type: "integer" }), 5)).status).toBe(201);
});

test("a stored schema that no longer compiles refuses its own inputs alone, and says why", async () => {
  const platform = await startPlatform();
  const broken = await platform.typeWith({ type: "string" });
  const sound = await platform.typeWith({ type: "string" });
  const stored = { $ref: "https://example.com/gone" };
  await runSql(platform.databaseUrl, "UPDATE job_types SET input_schema = $1 WHERE id = $2", [
    stored,
    broken,
  ]);
  await waitFor(async () => (await platform.submit(broken, "text")).status === 422, {
    describe: "the new schema",
  });
  expect((await platform.submit(broken, "text")).body).toMatchObject({
    code: "input_invalid",
    errors: [{ pointer: "/input_data", message: expect.stringContaining("/$ref can't resolve reference") }],
  });
  expect((await platform.submit(sound, "text")).status).toBe(201);
});

test("a job type without a schema takes its processor's, once a runner has registered it", async () => {
  const platform = await startPlatform();
  const type = await postJobType(platform.request, {
    processing_logic_id: "text.statistics",
    standard_cost_cents: 5,
  });
  const open = await postJobType(platform.request, {
    processing_logic_id: "text.statistics",
    standard_cost_cents: 5,
    input_schema: {},
  });
  const seen = () =>
    platform.request<{ input_schema: unknown; processor_input_schema: unknown }>("GET", `/job-types/${type}`);
  expect((await seen()).body).toMatchObject({ input_schema: null, processor_input_schema: null });

  await startRunner({ DATABASE_URL: platform.databaseUrl });
  expect((await seen()).body).toMatchObject({
    input_schema: null,
    processor_input_schema: { type: "object", required: ["text"], additionalProperties: false },
  });
  await waitFor(async () => (await platform.submit(type, 5)).status === 422, {
    describe: "the type to be read anew",
  });
  expect((await platform.submit(type, { text: 1, more: 2 })).body).toMatchObject({
    code: "input_invalid",
    errors: [
      { pointer: "/input_data/text", message: "must be string" },
      { pointer: "/input_data", message: 'must NOT have additional properties "more"' },
    ],
  });
  expect((await platform.submit(type, { text: "a few words" })).status).toBe(201);
  expect((await platform.submit(open, 5)).status).toBe(201);
});
