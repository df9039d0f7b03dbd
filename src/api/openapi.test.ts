import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { expect, test } from "vitest";
import { z } from "zod";
import { VERSION } from "../core/lib/version.ts";
import { generateOpenApi } from "./openapi.ts";

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string(),
      headers: z.record(z.string(), z.unknown()).optional(),
      content: z
        .record(
          z.string(),
          z.looseObject({ examples: z.record(z.string(), z.object({ value: z.unknown() })).optional() }),
        )
        .optional(),
    }),
  ),
});
const Property = z.looseObject({ default: z.unknown().optional(), description: z.string().optional() });
const Document = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.looseObject({ version: z.string(), contact: z.looseObject({ name: z.string() }) }),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(
      z.string(),
      z.looseObject({
        examples: z.array(z.unknown()).optional(),
        properties: z.record(z.string(), Property).optional(),
        required: z.array(z.string()).optional(),
      }),
    ),
  }),
});

const document = Document.parse(await generateOpenApi());
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const { schemas } = document.components;
/** Schemas of request bodies, and those of the items of batches. */
const requested = new Set(
  [...JSON.stringify(operations.map(({ requestBody }) => requestBody)).matchAll(/schemas\/(\w+)/g)]
    .map(([, name = ""]) => name)
    .concat("NewEntry"),
);

test("every operation has a name of its own, an answer and its errors", () => {
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  const incomplete = operations.filter(({ responses }) => {
    const statuses = Object.keys(responses).map(Number);
    return !statuses.some((status) => status < 300) || !statuses.includes(500);
  });
  expect(incomplete).toEqual([]);
});

test("every route of the contract that is here is in the document", () => {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.toSorted()).toEqual([
    "DELETE /customers/{id}/api-keys/{key_id}",
    "DELETE /job-types/{id}/prices/{customer_id}",
    "DELETE /operators/{id}",
    "DELETE /session",
    "DELETE /webhook-endpoints/{id}",
    "GET /audit",
    "GET /bulk-actions",
    "GET /bulk-actions/{id}",
    "GET /customers",
    "GET /customers/{id}",
    "GET /customers/{id}/api-keys",
    "GET /customers/{id}/erasure",
    "GET /customers/{id}/wallet",
    "GET /customers/{id}/wallet/balance",
    "GET /customers/{id}/wallet/entries",
    "GET /events",
    "GET /failures",
    "GET /healthz",
    "GET /job-types",
    "GET /job-types/{id}",
    "GET /job-types/{id}/prices",
    "GET /jobs",
    "GET /jobs/counts",
    "GET /jobs/{id}",
    "GET /jobs/{id}/events",
    "GET /jobs/{id}/logs",
    "GET /ledger-entries",
    "GET /me",
    "GET /metrics",
    "GET /operator-actions",
    "GET /operators",
    "GET /overview",
    "GET /queue",
    "GET /readyz",
    "GET /runners",
    "GET /usage",
    "GET /webhook-deliveries/{id}",
    "GET /webhook-endpoints",
    "GET /webhook-endpoints/{id}",
    "GET /webhook-endpoints/{id}/deliveries",
    "PATCH /customers/{id}",
    "PATCH /customers/{id}/wallet",
    "PATCH /job-types/{id}",
    "PATCH /operators/{id}",
    "PATCH /webhook-endpoints/{id}",
    "POST /audit",
    "POST /bulk-actions",
    "POST /bulk-actions/{id}/stop",
    "POST /customers",
    "POST /customers/{id}/api-keys",
    "POST /customers/{id}/api-keys/{key_id}/roll",
    "POST /customers/{id}/erase",
    "POST /customers/{id}/rotate-webhook-secret",
    "POST /customers/{id}/wallet/adjustments",
    "POST /customers/{id}/wallet/chargebacks",
    "POST /customers/{id}/wallet/grants",
    "POST /customers/{id}/wallet/top-ups",
    "POST /job-types",
    "POST /job-types/{id}/pause",
    "POST /job-types/{id}/resume",
    "POST /jobs",
    "POST /jobs/batch",
    "POST /jobs/estimate",
    "POST /jobs/{id}/cancel",
    "POST /jobs/{id}/refunds",
    "POST /jobs/{id}/retry",
    "POST /operators",
    "POST /queue/pause",
    "POST /queue/resume",
    "POST /runners/{id}/drain",
    "POST /runners/{id}/resume",
    "POST /session",
    "POST /wallets/batch",
    "POST /webhook-deliveries/{id}/resend",
    "POST /webhook-endpoints",
    "POST /webhook-endpoints/{id}/replay",
    "POST /webhook-endpoints/{id}/rotate-secret",
    "POST /webhook-endpoints/{id}/test",
    "PUT /job-types/{id}/prices/{customer_id}",
  ]);
});

test("every reference leads somewhere, and every schema is used", () => {
  const referenced = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    ([, name]) => name,
  );
  expect(new Set(referenced)).toEqual(new Set(Object.keys(schemas)));
});

test.each(Object.keys(schemas))("%s is a JSON Schema and its examples are true", (name) => {
  const ajv = new Ajv2020({ strict: false });
  ajvFormats.default(ajv);
  const validate = ajv.compile({ $ref: `#/components/schemas/${name}`, components: document.components });
  for (const example of schemas[name]?.examples ?? [])
    expect(validate(example) ? null : validate.errors).toBeNull();
});

test("every schema has an example", () => {
  expect(Object.keys(schemas).filter((name) => !schemas[name]?.examples?.length)).toEqual([]);
});

test("every operation says more than its summary", () => {
  const silent = operations.filter(
    ({ description = "" }) =>
      description.replace(/(Needs the admin key|A customer's key needs).*$/, "").trim().length < 25,
  );
  expect(silent.map(({ operationId }) => operationId)).toEqual([]);
});

test("what has a default is optional for every generator of clients, and says what it is when left out", () => {
  const bodies = Object.entries(schemas).filter(([name]) => requested.has(name));
  expect(bodies.length).toBeGreaterThan(10);
  for (const [name, { properties = {}, required = [] }] of bodies) {
    for (const [field, property] of Object.entries(properties)) {
      const hasDefault = property.description?.includes("Left out:") === true;
      expect([name, field, property.default, hasDefault && required.includes(field)]).toEqual([
        name,
        field,
        undefined,
        false,
      ]);
    }
  }
  const described = (name: string, field: string) => schemas[name]?.properties?.[field]?.description;
  expect(described("SubmitJob", "priority")).toContain("Left out: 1.");
  expect(described("NewCustomer", "currency")).toContain('Left out: "EUR".');
  expect(described("NewJobType", "max_attempts")).toContain("Left out: 3.");
  expect(described("Chargeback", "freeze")).toContain("Left out: false.");
});

test("every error has an example of its own, which is true", () => {
  const ajv = new Ajv2020({ strict: false });
  ajvFormats.default(ajv);
  const validate = ajv.compile({ $ref: "#/components/schemas/Problem", components: document.components });
  let count = 0;
  for (const { responses } of operations) {
    for (const [status, { description, content }] of Object.entries(responses)) {
      if (Number(status) < 400) continue;
      const examples = Object.entries(content?.["application/problem+json"]?.examples ?? {});
      const codes = [...description.matchAll(/`(\w+)`:/g)].map(([, code]) => code);
      expect(examples.map(([code]) => code)).toEqual(codes);
      for (const [code, { value }] of examples) {
        expect(validate(value) ? null : validate.errors).toBeNull();
        expect(value).toMatchObject({ code, status: Number(status) });
        count += 1;
      }
    }
  }
  expect(count).toBeGreaterThan(200);
});

test("the headers of responses are documented", () => {
  const headers = (id: string, status: number) =>
    Object.keys(operations.find(({ operationId }) => operationId === id)?.responses[status]?.headers ?? {});
  for (const { responses } of operations)
    for (const response of Object.values(responses))
      expect(Object.keys(response.headers ?? {})).toContain("Request-Id");
  expect(headers("submitJob", 201)).toContain("Location");
  expect(headers("submitJob", 200)).toEqual(expect.arrayContaining(["Location", "Idempotent-Replayed"]));
  expect(headers("submitJob", 201)).toContain("Preference-Ignored");
  expect(headers("createCustomer", 201)).toContain("Location");
  expect(headers("createJobType", 201)).toContain("Location");
  expect(headers("retryJob", 201)).toContain("Location");
  expect(headers("submitJobs", 200)).toContain("Idempotent-Replayed");
  expect(headers("submitJob", 429)).toContain("Retry-After");
  expect(headers("getReadiness", 503)).toContain("Retry-After");
  expect(headers("getJob", 401)).toContain("WWW-Authenticate");
});

test("what needs the admin key is marked apart, and the document has the version of the package", () => {
  const adminOnly = operations.filter(
    ({ security }) => JSON.stringify(security) === '[{"adminKey":[]},{"session":[]}]',
  );
  expect(adminOnly.length).toBeGreaterThan(15);
  for (const { operationId, description = "" } of operations) {
    const isAdminOnly = adminOnly.some((one) => one.operationId === operationId);
    expect([operationId, description.includes("Needs the admin key")]).toEqual([operationId, isAdminOnly]);
  }
  expect(document.info).toMatchObject({ version: VERSION, license: { identifier: "MIT" } });
  expect(document.info.contact.name).not.toBe("");
});

test("what may be refused for who asks, or for how a browser asks, says so", () => {
  const asked = Object.values(document.paths).flatMap((path) => Object.entries(path));
  const silent = asked.filter(([method, { security, responses, description = "" }]) => {
    const isPublic = security?.length === 0;
    const mayBeRefused =
      description.includes("Needs the admin key") ||
      description.includes("A customer's key needs") ||
      (method !== "get" && !isPublic) ||
      isSession(description);
    return mayBeRefused !== (responses[403]?.description.includes("`forbidden`") ?? false);
  });
  expect(silent.map(([, { operationId }]) => operationId)).toEqual([]);
});

function isSession(description: string): boolean {
  return description.includes("X-CSRF-Protection");
}

test("the document is the same every time", async () => {
  expect(JSON.stringify(await generateOpenApi())).toBe(JSON.stringify(await generateOpenApi()));
});
