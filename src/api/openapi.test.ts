import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { expect, test } from "vitest";
import { z } from "zod";
import { generateOpenApi } from "./openapi.ts";

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const Document = z.looseObject({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ examples: z.array(z.unknown()).optional() })),
  }),
});

const document = Document.parse(await generateOpenApi());
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const { schemas } = document.components;

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
    "GET /customers",
    "GET /customers/{id}",
    "GET /customers/{id}/api-keys",
    "GET /customers/{id}/wallet",
    "GET /customers/{id}/wallet/balance",
    "GET /customers/{id}/wallet/entries",
    "GET /healthz",
    "GET /job-types",
    "GET /job-types/{id}",
    "GET /job-types/{id}/prices",
    "GET /jobs",
    "GET /jobs/{id}",
    "GET /me",
    "GET /queue",
    "GET /readyz",
    "GET /runners",
    "PATCH /customers/{id}",
    "PATCH /customers/{id}/wallet",
    "PATCH /job-types/{id}",
    "POST /customers",
    "POST /customers/{id}/api-keys",
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
    "POST /queue/pause",
    "POST /queue/resume",
    "POST /wallets/batch",
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

test("the document is the same every time", async () => {
  expect(JSON.stringify(await generateOpenApi())).toBe(JSON.stringify(await generateOpenApi()));
});
