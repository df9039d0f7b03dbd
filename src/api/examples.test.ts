import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../test/support/test-platform.ts";
import { newId } from "../core/lib/new-id.ts";
import { createApiKey } from "../core/model/api-key.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "./test-api.ts";

// Every operation of the OpenAPI document is sent to a real server with the examples of the document, so that what
// somebody copies from there works.

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    in: string;
    name: string;
    required?: boolean;
    schema: Schema;
    example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Parameters that need what an earlier answer said, or each other. Tests of their routes send them. */
const LEFT_OUT = new Set(["cursor", "after", "last-event-id", "prefer", "idempotency-key"]);
/** By name, where the form of a parameter does not say what fits. */
const VALUES: Readonly<Record<string, string>> = {
  email: "ada@example.com",
  reference: "invoice 2026-0042",
  operator_name: "admin",
  action: "createJobType",
  target_type: "job_type",
  target_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
  from: "2026-11-23T21:06:00Z",
  to: "2030-11-23T21:06:00Z",
};

let testApi: TestApi;
let document: Document;

beforeAll(async () => {
  testApi = await createTestApi();
  // The document of this very server.
  document = testApi.api.swagger() as unknown as Document;
});

/** What an operation works on: nothing of it is there for another one. */
async function createThings(operationId: string) {
  const { platform } = testApi;
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { processing_logic_id: "text.statistics" });
  const { api_key, ...key } = createApiKey();
  const key_id = newId();
  await platform.customers.addApiKey({ ...key, id: key_id, customer_id, name: "examples" });
  const job = await submitJob(platform, { customer_id, job_type_id, input_data: { text: "One." } });
  if (operationId === "retryJob") await platform.jobs.cancel(job.id);
  if (operationId === "refundJob") {
    const runner = await createRunner(platform);
    const claimed = await platform.jobs.setStarted(job.id, runner);
    await platform.jobs.settle([
      { id: job.id, attempt: claimed?.attempt ?? 0, kind: "succeeded", output: { words: 1 } },
    ]);
  }
  return { customer_id, job_type_id, api_key, key_id, job_id: job.id };
}

type Things = Awaited<ReturnType<typeof createThings>>;

/** The text of an example, about things that are there. */
function real(text: string, things: Things): string {
  const ids: Readonly<Record<string, string>> = {
    "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01": things.job_id,
    "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11": things.customer_id,
    "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22": things.job_type_id,
    "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0": things.key_id,
    iep_2rX0nq1Jm8VtYc5uKe7ZsPaLhWd3Gf6BoIiUxTvNyQk: things.api_key,
  };
  return Object.entries(ids).reduce((result, [example, id]) => result.replaceAll(example, id), text);
}

/** The id in the path of what a request of its own creates. */
async function createdId(path: string, { api_key: key, ...things }: Things): Promise<string | undefined> {
  const post = async (url: string, body: unknown, sender = ADMIN_KEY): Promise<string> => {
    const answer = await testApi.ask("POST", url, { body, key: sender });
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body.id;
  };
  if (path.startsWith("/operators/{id}"))
    return await post("/operators", { name: `Operator ${newId()}`, role: "viewer" });
  if (path.startsWith("/bulk-actions/{id}"))
    return await post("/bulk-actions", { action: "cancel", filter: { priority: 2 }, dry_run: true }, key);
  if (path.startsWith("/runners/{id}")) return await createRunner(testApi.platform);
  if (path.startsWith("/webhook-")) {
    const endpoint = { url: "https://shop.example/webhooks", events: ["job.finished"] };
    const id = await post("/webhook-endpoints", endpoint, key);
    return path.startsWith("/webhook-deliveries/{id}")
      ? await post(`/webhook-endpoints/${id}/test`, {}, key)
      : id;
  }
  if (path.endsWith("/prices/{customer_id}"))
    await testApi.ask("PUT", `/job-types/${things.job_type_id}/prices/${things.customer_id}`, {
      body: { cost_cents: 9 },
    });
  return undefined;
}

function bodiesOf({ requestBody }: Operation): unknown[] {
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) return [undefined];
  const examples = [schema, ...(schema.anyOf ?? [])].flatMap((choice) => {
    const named =
      choice.$ref === undefined ? choice : document.components.schemas[choice.$ref.split("/").at(-1) ?? ""];
    return named?.examples ?? [];
  });
  // A body that may be left out has none.
  return examples.length > 0 ? examples : [{}, undefined];
}

/** One query for each parameter that may stand alone, and one without any. */
function queriesOf({ parameters = [] }: Operation, things: Things): string[] {
  const queries = parameters
    .filter(({ in: place, name }) => place === "query" && !LEFT_OUT.has(name))
    .flatMap(({ name, schema }) =>
      valuesOf(name, schema, things).map((value) => `?${name}=${encodeURIComponent(value)}`),
    );
  return ["", ...queries];
}

function valuesOf(name: string, schema: Schema, things: Things): string[] {
  const known = (things as Readonly<Record<string, string>>)[name] ?? VALUES[name]; // Its values are texts.
  if (known !== undefined) return [known];
  if (schema.enum) return schema.enum.map(String);
  if (schema.format === "date-time") return ["2026-11-23T21:06:00Z"];
  if (schema.format === "uuid") return ["7d3c2a10-98f1-3b44-a1c2-5f1e9b7a6c01"];
  if (schema.type === "integer" || schema.type === "number")
    return [String(Math.max(1, schema.minimum ?? 1))];
  throw new Error(`no value for the parameter ${name}: add one to VALUES`);
}

test("every operation takes the examples of the document, and each parameter of its query", async () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const refused: string[] = [];
  let sent = 0;
  for (const { path, method, operation } of operations) {
    const isCustomers =
      operation.security === undefined || operation.security.some((one) => "customerKey" in one);
    const readings = await createThings(operation.operationId);
    for (const body of bodiesOf(operation)) {
      for (const query of queriesOf(operation, readings)) {
        // What changes something has things of its own.
        const things = method === "GET" ? readings : await createThings(operation.operationId);
        const id = await createdId(path, things);
        const inPath = Object.fromEntries(
          (operation.parameters ?? [])
            .filter((one) => one.in === "path")
            .map((one) => [one.name, one.example]),
        );
        const url = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
          name === "id" && id !== undefined ? id : real(String(inPath[name]), things),
        );
        const answer = await testApi.ask(method, url + query, {
          key: operation.security?.length === 0 ? null : isCustomers ? things.api_key : ADMIN_KEY,
          ...(body === undefined ? {} : { raw: real(JSON.stringify(body), things) }),
        });
        sent += 1;
        if (answer.status >= 300) refused.push(`${method} ${url}${query}: ${answer.text}`);
      }
    }
  }
  expect(refused).toEqual([]);
  expect(sent).toBeGreaterThan(operations.length);
});
