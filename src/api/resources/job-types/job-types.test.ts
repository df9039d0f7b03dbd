import { beforeAll, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

const fields = () => ({ name: `Type ${uuidv7()}`, processing_logic_id: "echo", standard_cost_cents: 10 });
const make = (body: object) => api.ask("POST", "/job-types", { body });

test("a new job type has the defaults for what was left out, and a Location", async () => {
  const body = fields();
  const made = await make(body);
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    ...body,
    enabled: true,
    max_attempts: 3,
    timeout_seconds: 300,
    input_schema: null,
  });
  expect(made.headers["location"]).toBe(`/job-types/${made.body.id}`);
  expect((await api.ask("GET", `/job-types/${made.body.id}`)).body).toEqual(made.body);
  expect((await api.ask("GET", "/job-types?limit=1")).body.data).toEqual([made.body]);
});

test("a name that is in use is refused, when made and when changed", async () => {
  const [first, second] = [await make(fields()), await make(fields())];
  const again = await make({ ...fields(), name: first.body.name });
  expect([again.status, again.body.code, again.body.errors[0].pointer]).toEqual([409, "name_taken", "/name"]);
  const renamed = await api.ask("PATCH", `/job-types/${second.body.id}`, { body: { name: first.body.name } });
  expect([renamed.status, renamed.body.code]).toEqual([409, "name_taken"]);
});

test.each([
  [
    { processing_logic_id: "Text Statistics" },
    "/processing_logic_id",
    "must be 1 to 100 of a-z, 0-9, dot, underscore and hyphen",
  ],
  [{ standard_cost_cents: -1 }, "/standard_cost_cents", "must be at least 0"],
  [{ standard_cost_cents: 0.5 }, "/standard_cost_cents", "must be an integer"],
  [{ standard_cost_cents: 1_000_000_000_001 }, "/standard_cost_cents", "must be at most 1000000000000"],
  [{ max_attempts: 0 }, "/max_attempts", "must be at least 1"],
  [{ max_attempts: 101 }, "/max_attempts", "must be at most 100"],
  [{ timeout_seconds: 86_401 }, "/timeout_seconds", "must be at most 86400"],
  [{ enabled: "yes" }, "/enabled", "must be true or false"],
  [{ name: "a\nb" }, "/name", "must have no control characters"],
  [
    { price: 1 },
    "/price",
    "is not a known field; known fields are name, processing_logic_id, standard_cost_cents, currency, enabled, max_attempts, timeout_seconds, input_schema, running_limit",
  ],
  [{ input_schema: [] }, "/input_schema", "must be a JSON object"],
  [
    { input_schema: { type: "objekt" } },
    "/input_schema",
    expect.stringContaining("is not a JSON Schema (draft 2020-12)"),
  ],
  [
    { input_schema: { $ref: "https://example.com/schema.json" } },
    "/input_schema",
    expect.stringContaining("can't resolve reference"),
  ],
  [
    { input_schema: { const: "\u0000" } },
    "/input_schema",
    expect.stringContaining("cannot be stored: /const has the character U+0000"),
  ],
])("the job type with %j is refused", async (wrong, pointer, message) => {
  const { status, body } = await make({ ...fields(), ...wrong });
  expect(status).toBe(422);
  expect(body.errors).toEqual([{ pointer, message }]);
});

test("an input schema that is nested without end is refused", async () => {
  const depth = 50_000;
  const raw = `{"name":"deep","processing_logic_id":"echo","standard_cost_cents":1,"input_schema":${'{"not":'.repeat(depth)}{}${"}".repeat(depth)}}`;
  const { status, body } = await api.ask("POST", "/job-types", { raw });
  expect(status).toBe(422);
  expect(body.errors[0].pointer).toBe("/input_schema");
});

test("the price at submission is the price, and a disabled type takes no more jobs", async () => {
  const customer_id = await createCustomer(api.platform, 1_000);
  const { id } = (await make(fields())).body;
  const submit = () => api.ask("POST", "/jobs", { body: { customer_id, job_type_id: id, input_data: null } });
  expect((await submit()).body.estimated_cost_cents).toBe(10);
  await api.ask("PATCH", `/job-types/${id}`, { body: { standard_cost_cents: 25 } });
  expect((await submit()).body.estimated_cost_cents).toBe(25);
  const changed = await api.ask("PATCH", `/job-types/${id}`, { body: { enabled: false } });
  expect(changed.body).toMatchObject({ standard_cost_cents: 25, enabled: false });
  const refused = await submit();
  expect([refused.status, refused.body.code]).toEqual([422, "job_type_disabled"]);
});

test("a changed input schema holds for the next submission to this process", async () => {
  const customer_id = await createCustomer(api.platform);
  const { id } = (await make({ ...fields(), input_schema: { type: "string" } })).body;
  const submit = (input_data: unknown) =>
    api.ask("POST", "/jobs", { body: { customer_id, job_type_id: id, input_data } });
  expect((await submit(5)).body.code).toBe("input_invalid");
  await api.ask("PATCH", `/job-types/${id}`, { body: { input_schema: { type: "integer" } } });
  expect((await submit(5)).status).toBe(201);
  await api.ask("PATCH", `/job-types/${id}`, { body: { input_schema: null } });
  expect((await submit({ anything: true })).status).toBe(201);
});

test("a job type that does not exist is not found", async () => {
  expect((await api.ask("GET", `/job-types/${uuidv7()}`)).status).toBe(404);
  expect((await api.ask("PATCH", `/job-types/${uuidv7()}`, { body: { enabled: true } })).status).toBe(404);
  expect((await api.ask("GET", "/job-types/echo")).body.errors).toEqual([
    { pointer: "/id", message: "must be a UUID" },
  ]);
});
