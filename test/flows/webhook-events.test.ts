import { expect, test } from "vitest";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { eventBody } from "../../src/api/resources/webhooks/event-contract.ts";
import type { Outcome } from "../../src/core/model/job.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../src/core/model/webhook.ts";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { startReceiver, type Received } from "../support/receiver.ts";
import { runSql } from "../support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { createEndpoint, spreadAll, startSending } from "../support/webhooks.ts";

type Ending =
  | Pick<Extract<Outcome, { kind: "succeeded" }>, "kind" | "output">
  | Pick<Extract<Outcome, { kind: "failed" }>, "kind" | "error">;

const FAILURE = { kind: "failed", error: { code: "x", message: "no", stack: "secret path" } } as const;

async function endJob(platform: OpenPlatform, customer_id: string, ending: Ending, input: unknown = null) {
  const job_type_id = await createJobType(platform);
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: input });
  const runner_id = await createRunner(platform);
  const [claimed] = await platform.jobs.claim({ runner_id, ids: [id] });
  await platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, ...ending }]);
  return id;
}

async function countDeliveries(databaseUrl: string): Promise<unknown> {
  const { rows } = await runSql<{ n: number }>(
    databaseUrl,
    "SELECT count(*)::int AS n FROM webhook_deliveries",
  );
  return rows[0]?.n;
}

/** By type; each is of the form that the catalogue promises. */
function byType(received: readonly Received[]): Map<string, Record<string, unknown>> {
  return new Map(
    received.map(({ body }) => {
      const parsed = eventBody(body.type as WebhookEvent).safeParse(body);
      expect([body.type, parsed.error?.issues]).toEqual([body.type, undefined]);
      return [body.type, body.data];
    }),
  );
}

test("every event is told to whoever wants it, as the catalogue says", async () => {
  const { platform } = await createTestPlatform({ webhookAllowPrivate: true });
  const customer_id = await createCustomer(platform, 100);
  const receiver = await startReceiver();
  const gone = await startReceiver((response) => void response.writeHead(410).end());
  await createEndpoint(platform, receiver.url, WEBHOOK_EVENTS, customer_id);
  const { id: goneId } = await createEndpoint(platform, gone.url, ["wallet.topped_up"], customer_id);
  await platform.wallets.update(customer_id, { low_balance_cents: 95 });
  startSending(platform);

  const succeeded = await endJob(platform, customer_id, { kind: "succeeded", output: { ok: true } });
  const failed = await endJob(platform, customer_id, FAILURE, "x".repeat(5_000));
  const job_type_id = await createJobType(platform);
  const { id: cancelled } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await platform.jobs.cancel(cancelled);
  await platform.wallets.topUp({ customer_id, amount_cents: 50, reference: "more" });
  await platform.wallets.update(customer_id, { frozen: true });

  // Three jobs twice, low, topped up, frozen, and the endpoint that is gone.
  await waitFor(() => receiver.received.length === 10);
  const told = byType(receiver.received);
  expect([...told.keys()].toSorted()).toEqual([...WEBHOOK_EVENTS].toSorted());
  expect(told.get("job.succeeded")).toMatchObject({
    id: succeeded,
    output_data: { ok: true },
    cost_cents: 10,
  });
  expect(told.get("job.failed")).toMatchObject({
    id: failed,
    error: { code: "x", message: "no" },
    input_data: null,
    omitted: ["input_data"],
  });
  expect(JSON.stringify(told.get("job.failed"))).not.toContain("secret path");
  expect(told.get("job.cancelled")).toMatchObject({ id: cancelled });
  expect(told.get("wallet.low")).toMatchObject({ current_balance_cents: 90, low_balance_cents: 95 });
  expect(told.get("wallet.topped_up")).toMatchObject({ amount_cents: 50, reference: "more" });
  expect(told.get("endpoint.disabled")).toMatchObject({ id: goneId });
  expect(await brokenPromises(platform)).toEqual([]);
});

test("nobody is told what is another customer's, or what the endpoint did not name", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const [ada, bob] = [await createCustomer(platform), await createCustomer(platform)];
  const url = "https://shop.example/";
  const { id } = await createEndpoint(platform, url, ["job.failed"], ada);
  const { id: ofOperator } = await createEndpoint(platform, url, ["job.succeeded"]);
  await endJob(platform, bob, FAILURE);
  await endJob(platform, ada, { kind: "succeeded", output: 1 });
  await spreadAll(databaseUrl);
  expect(await platform.webhookDeliveries.list(id, undefined, { limit: 5 })).toEqual([]);
  const [only, ...more] = await platform.webhookDeliveries.list(ofOperator, undefined, { limit: 5 });
  expect([only?.customer_id, more]).toEqual([ada, []]);
  await platform.webhookEndpoints.update(ofOperator, { enabled: false });
  await endJob(platform, ada, { kind: "succeeded", output: 1 });
  await spreadAll(databaseUrl);
  expect(await countDeliveries(databaseUrl)).toBe(1);
});

test("an event is undone with the transaction of what it tells", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const customer_id = await createCustomer(platform);
  await createEndpoint(platform, "https://shop.example/", WEBHOOK_EVENTS, customer_id);
  await runSql(
    databaseUrl,
    `BEGIN;
     UPDATE wallets SET frozen_at = now() WHERE customer_id = '${customer_id}';
     ROLLBACK`,
  );
  expect(await countDeliveries(databaseUrl)).toBe(0);
  await runSql(databaseUrl, `UPDATE wallets SET frozen_at = now() WHERE customer_id = '${customer_id}'`);
  expect(await countDeliveries(databaseUrl)).toBe(1);
});

test("what a job told is gone with the job, and the log says so", async () => {
  const { platform, databaseUrl } = await createTestPlatform({ webhookAllowPrivate: true });
  const customer_id = await createCustomer(platform);
  const { id } = await createEndpoint(platform, "http://127.0.0.1:9/", ["job.failed"], customer_id);
  await endJob(platform, customer_id, FAILURE);
  await runSql(databaseUrl, "DELETE FROM jobs");
  startSending(platform);
  const [failed] = await waitFor(async () => {
    const rows = await platform.webhookDeliveries.list(id, "failed", { limit: 1 });
    return rows.length === 1 && rows;
  });
  expect(failed?.answers).toMatchObject([{ status: null, error: expect.stringContaining("was deleted") }]);
});
