import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect } from "../support/sql.ts";
import {
  expectCleanAudit,
  postCustomer,
  postJobType,
  startApi,
  startRunner,
  submitAll,
} from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const JOBS = 60;

test("a runner killed -9 and a receiver that goes away lose no event, and each keeps its webhook-id", async () => {
  const { url: DATABASE_URL } = await createTestDatabase();
  const environment = { DATABASE_URL, WEBHOOK_ALLOW_PRIVATE: "true" };
  const { request } = await startApi(environment);
  const client = await connect(DATABASE_URL);
  // The first requests are never answered: their runner dies with them.
  let isOpen = false;
  const receiver = await startReceiver((response) => {
    if (isOpen) response.end("ok");
  });
  const customer = await postCustomer(request, "Ada", 100_000);
  const jobType = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 1 });
  const endpoint = await request<{ secret: string }>("POST", "/webhook-endpoints", {
    url: receiver.url,
    events: ["job.succeeded"],
    customer_id: customer,
  });
  const killed = await startRunner(environment);
  const ids = await submitAll(
    request,
    Array.from({ length: JOBS }, () => ({ customer_id: customer, job_type_id: jobType, input_data: null })),
  );
  await waitFor(() => receiver.received.length > 0, { timeoutMs: PATIENCE_MS });
  killed.signal("SIGKILL");
  const unanswered = receiver.received.map(({ headers, body }) => [body.data["id"], headers["webhook-id"]]);
  await receiver.kill();
  isOpen = true;

  await startRunner(environment);
  // It meets a receiver that is away, until that has been noticed.
  await waitFor(
    async () => {
      await client.query(
        "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending' AND tries = 0",
      );
      const { rows } = await client.query<{ failures: number }>("SELECT failures FROM webhook_endpoints");
      return (rows[0]?.failures ?? 0) > 0;
    },
    { timeoutMs: PATIENCE_MS },
  );
  await receiver.restart();
  await waitFor(
    async () => {
      // The time of the leases, the schedule and the pause passes.
      await client.query(
        "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending' AND due_at > now() + interval '1 minute'",
      );
      await client.query("UPDATE webhook_endpoints SET paused_until = now() WHERE paused_until > now()");
      const { rows } = await client.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM webhook_deliveries WHERE status = 'delivered'",
      );
      return rows[0]?.n === JOBS;
    },
    { timeoutMs: PATIENCE_MS, describe: "all to be delivered" },
  );
  receiver.verify(endpoint.body.secret);
  const webhookIds = new Map<unknown, Set<unknown>>();
  for (const { headers, body } of receiver.received) {
    const of = webhookIds.get(body.data["id"]) ?? new Set();
    webhookIds.set(body.data["id"], of.add(headers["webhook-id"]));
  }
  expect([...webhookIds.keys()].map(String).toSorted()).toEqual(ids.toSorted());
  expect([...webhookIds.values()].every((of) => of.size === 1)).toBe(true);
  for (const [job, id] of unanswered) expect(webhookIds.get(job)).toEqual(new Set([id]));
  await expectCleanAudit(environment);
});
