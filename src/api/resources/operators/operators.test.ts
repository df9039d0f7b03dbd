import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { OPERATOR_ROLES, type OperatorRole } from "../../../core/model/operator.ts";
import { createTestApi, type Answer, type TestApi } from "../../test-api.ts";

const PROMISED_MS = 1_000;

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

let made = 0;
async function createOperator(role: OperatorRole, name = `Operator ${(made += 1)}`) {
  const { status, body } = await api.ask("POST", "/operators", { body: { name, role } });
  expect(status).toBe(201);
  return body as { id: string; name: string; api_key: string };
}

const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? ""}`.trim();

test("a key is shown once, tells who it is, and only its hash and its beginning are kept", async () => {
  const { id, api_key } = await createOperator("viewer", "Grace Hopper");
  expect((await api.ask("GET", "/me", { key: api_key })).body).toEqual({
    kind: "operator",
    id,
    name: "Grace Hopper",
    role: "viewer",
  });
  const listed = await api.ask("GET", "/operators?limit=1", { key: api_key });
  expect(listed.body.data[0]).toMatchObject({ id, prefix: api_key.slice(0, 12), active: true });
  const { rows } = await runSql(api.databaseUrl, "SELECT o::text AS text FROM operators o");
  expect(listed.text + JSON.stringify(rows)).not.toContain(api_key);
});

test("a name is one operator's at a time, and never that of somebody else who posts entries", async () => {
  const { id } = await createOperator("viewer", "Ada");
  const again = () => api.ask("POST", "/operators", { body: { name: "ADA", role: "viewer" } });
  expect(outcome(await again())).toBe("409 name_taken");
  await api.ask("DELETE", `/operators/${id}`);
  expect((await again()).status).toBe(201);
  for (const name of ["admin", "Cli", "system"])
    expect(outcome(await api.ask("POST", "/operators", { body: { name, role: "admin" } }))).toBe(
      "409 name_taken",
    );
});

test("what an operator posts has the operator's name", async () => {
  const customer_id = await createCustomer(api.platform);
  const { api_key, name } = await createOperator("finance");
  const path = `/customers/${customer_id}/wallet`;
  const body = { amount_cents: 5, reference: "by hand" };
  expect((await api.ask("POST", `${path}/top-ups`, { key: api_key, body })).body).toMatchObject({
    actor: name,
  });
});

test("the same Idempotency-Key of two operators is two keys", async () => {
  const [first, second] = [await createOperator("admin"), await createOperator("admin")];
  const headers = { "idempotency-key": "the same" };
  const body = { name: "x", email: "x@example.com" };
  const answers = [
    await api.ask("POST", "/customers", { key: first.api_key, body, headers }),
    await api.ask("POST", "/customers", { key: second.api_key, body, headers }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
});

/** What each role may do beside reading. An admin may do everything. */
const MAY: Readonly<Record<Exclude<OperatorRole, "admin">, readonly string[]>> = {
  viewer: ["estimateJob"],
  operator: [
    "cancelJob",
    "createBulkAction",
    "estimateJob",
    "pauseJobType",
    "pauseQueue",
    "replayWebhookDeliveries",
    "requestAudit",
    "resendWebhookDelivery",
    "resumeJobType",
    "resumeQueue",
    "retryJob",
    "stopBulkAction",
    "submitJob",
    "submitJobs",
    "testWebhookEndpoint",
  ],
  finance: [
    "adjustWallet",
    "chargeBack",
    "endCustomerPrice",
    "estimateJob",
    "grantCredit",
    "postEntries",
    "refundJob",
    "setCustomerPrice",
    "topUpWallet",
    "updateWallet",
  ],
};

describe("the roles", () => {
  /** Every operation that needs a key, asked with ids that nobody has. */
  function operations(): { id: string; method: string; url: string }[] {
    const { paths } = api.api.swagger() as unknown as {
      paths: Record<string, Record<string, { operationId: string; security?: unknown[] }>>;
    };
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security?.length !== 0)
        .map(([method, { operationId }]) => ({
          id: operationId,
          method: method.toUpperCase(),
          url: path.replaceAll(/\{\w+\}/g, uuidv7()),
        })),
    );
  }

  test.each(OPERATOR_ROLES)(
    "%s may do what the table says, and is told what else it would need",
    async (role) => {
      const { api_key: key } = await createOperator(role);
      const refused = [];
      for (const { id, method, url } of operations()) {
        const answer = await api.ask(method, url, method === "GET" ? { key } : { key, body: {} });
        if (answer.status !== 403) continue;
        expect(answer.body.detail).toMatch(
          new RegExp(`needs the role .*The role of this operator is ${role}\\.$`),
        );
        refused.push(id);
      }
      const all = operations();
      const may = role === "admin" ? all.map(({ id }) => id) : MAY[role];
      const expected = all.filter(({ id, method }) => method !== "GET" && !may.includes(id));
      expect(all.length).toBeGreaterThan(40);
      expect(refused.toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    },
  );

  test("hold for a session as for a key", async () => {
    const { api_key } = await createOperator("viewer");
    const signedIn = await api.ask("POST", "/session", { key: null, body: { api_key } });
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0] ?? "";
    const by = { key: null, headers: { cookie, "x-csrf-protection": "1" } };
    expect((await api.ask("GET", "/queue", by)).status).toBe(200);
    expect((await api.ask("GET", "/me", by)).body).toMatchObject({ kind: "operator", role: "viewer" });
    expect(outcome(await api.ask("POST", "/queue/pause", by))).toBe("403 forbidden");
  });
});

describe("a change of an operator is known in every process within a second", () => {
  /** Another process, which has the key and a session of it in its caches. */
  async function elsewhere(role: OperatorRole) {
    const operator = await createOperator(role);
    const other = await createTestApi({ databaseUrl: api.databaseUrl });
    const signedIn = await api.ask("POST", "/session", { key: null, body: { api_key: operator.api_key } });
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0] ?? "";
    const headers = { cookie, "x-csrf-protection": "1" };
    const byKey = () => other.ask("POST", "/queue/resume", { key: operator.api_key });
    const bySession = () => other.ask("POST", "/queue/resume", { key: null, headers });
    const both = async () => [await byKey(), await bySession()].map(({ status }) => status).join(" ");
    expect(await both()).toBe("200 200");
    return { ...operator, both };
  }

  test.each([
    ["a lesser role", "403 403", { role: "viewer" }],
    ["inactive", "401 401", { active: false }],
  ])("%s", async (_what, refusal, body) => {
    const { id, both } = await elsewhere("operator");
    expect((await api.ask("PATCH", `/operators/${id}`, { body })).body).toMatchObject(body);
    await waitFor(async () => (await both()) === refusal, { timeoutMs: PROMISED_MS });
  });

  test("revoked, for good", async () => {
    const { id, both } = await elsewhere("admin");
    expect((await api.ask("DELETE", `/operators/${id}`)).status).toBe(204);
    await waitFor(async () => (await both()) === "401 401", { timeoutMs: PROMISED_MS });
    const again = await api.ask("PATCH", `/operators/${id}`, { body: { active: true } });
    expect(outcome(again)).toBe("404 not_found");
    expect((await api.ask("DELETE", `/operators/${id}`)).status).toBe(204);
  });
});

test("an operator who is not there is 404", async () => {
  expect(outcome(await api.ask("PATCH", `/operators/${uuidv7()}`, { body: { active: true } }))).toBe(
    "404 not_found",
  );
  expect(outcome(await api.ask("DELETE", `/operators/${uuidv7()}`))).toBe("404 not_found");
});
