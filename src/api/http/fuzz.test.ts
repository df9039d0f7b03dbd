import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../test-api.ts";

let api: TestApi;
let job_type_id: string;
let customer_id: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 0 });
  customer_id = await createCustomer(api.platform);
});

/**
 * Text of every kind that JSON can carry: control characters, halves of surrogate pairs, names of
 * JavaScript's own.
 */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom("__proto__", "constructor", "toString", "", "\u0000", "name", "jobs", "$ref"),
);
const anyJson = fc.anything({
  key: anyText,
  values: [anyText, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
});

test("whatever JSON is sent, wherever, it is never our fault", async () => {
  const url = fc.constantFrom(
    "/customers",
    "/job-types",
    "/jobs",
    "/jobs/batch",
    `/customers/${customer_id}/wallet/top-ups`,
    `/customers/${customer_id}/api-keys`,
    `/jobs/${customer_id}/cancel`,
    `/jobs/${customer_id}/retry`,
    "/queue/resume",
  );
  const field = fc.constantFrom(
    "name",
    "email",
    "currency",
    "input_schema",
    "amount_cents",
    "reference",
    "jobs",
    "run_at",
  );
  const body = fc.oneof(anyJson, fc.dictionary(fc.oneof(field, anyText), anyJson));
  await fc.assert(
    fc.asyncProperty(url, body, async (path, value) => {
      expect((await api.ask("POST", path, { body: value })).status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});

test("an input that is accepted comes back as it was sent", async () => {
  await fc.assert(
    fc.asyncProperty(anyJson, async (input_data) => {
      const sent = JSON.stringify({ customer_id, job_type_id, input_data });
      const { status, body } = await api.ask("POST", "/jobs", { raw: sent });
      if (status !== 201) return [400, 422].includes(status);
      const read = await api.ask("GET", `/jobs/${body.id}`);
      expect(read.body.input_data).toEqual(JSON.parse(sent).input_data);
      return true;
    }),
    { numRuns: 300 },
  );
});

test("whatever stands in a query or a path, it is never our fault", async () => {
  const name = fc.constantFrom("limit", "cursor", "status", "priority", "created_after", "customer_id", "x");
  await fc.assert(
    fc.asyncProperty(
      name,
      anyText.filter((text) => text.isWellFormed()),
      async (parameter, text) => {
        const value = encodeURIComponent(text);
        expect((await api.ask("GET", `/jobs?${parameter}=${value}`)).status).toBeLessThan(500);
        expect((await api.ask("GET", `/jobs/${value}`)).status).toBeLessThan(500);
      },
    ),
    { numRuns: 200 },
  );
});
