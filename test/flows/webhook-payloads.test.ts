import { expect, test } from "vitest";
import { createTestApi } from "../../src/api/test-api.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { startReceiver } from "../support/receiver.ts";
import { runSql } from "../support/sql.ts";
import { brokenPromises, createCustomer, createJobType } from "../support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../support/test-runner.ts";
import { waitFor } from "../support/wait-for.ts";
import { createEndpoint, startSending } from "../support/webhooks.ts";

/** Tells three things, fails, tells one more, and succeeds with more than an event carries. */
const TALKATIVE = defineProcessor({
  id: "talkative",
  run: (_input, context) => {
    const { attempt, log } = context;
    log.info({}, "begins");
    if (attempt === 1) {
      log.info({}, "goes on");
      context.progress(0.5);
      throw new Error("once more");
    }
    return { text: "x".repeat(5_000) };
  },
});

test("the sequence of an event is the id of the job's end, and stays when the event is sent again", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const { platform } = api;
  const customer_id = await createCustomer(platform);
  const statuses = [500];
  const receiver = await startReceiver((response) => void response.writeHead(statuses.pop() ?? 200).end());
  await createEndpoint(platform, receiver.url, ["job.succeeded", "job.finished"], customer_id);
  startTestRunner(api, [TALKATIVE]);
  const job_type_id = await createJobType(platform, { processing_logic_id: "talkative", max_attempts: 2 });
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: null });
  await waitFor(async () => {
    // The pause before the second attempt passes.
    await runSql(api.databaseUrl, "UPDATE job_schedule SET run_at = now()");
    await platform.readyQueue.refill();
    return (await platform.jobs.findById(id))?.completed_at;
  });
  startSending(platform);
  await waitFor(async () => {
    await runSql(
      api.databaseUrl,
      "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending' AND tries > 0 AND due_at > now() + interval '1 second' AND claims = tries",
    );
    return receiver.received.length === 3;
  });
  const { data } = (await api.ask("GET", `/jobs/${id}/events`, { headers: { accept: "application/json" } }))
    .body;
  const { id: done, type } = data.at(-1);
  // It was queued, it started, said three things, failed, started, said one thing, and ended.
  expect([type, done]).toEqual(["done", 9]);
  expect(receiver.received.map(({ body }) => [body.type, body.sequence])).toEqual([
    ["job.succeeded", 9],
    ["job.succeeded", 9],
    ["job.finished", 9],
  ]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("a thin endpoint is told which job it is, and where it is read; full again, it is told the rest", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const { platform } = api;
  const customer_id = await createCustomer(platform);
  const receiver = await startReceiver();
  const body = {
    url: receiver.url,
    events: ["job.finished", "wallet.topped_up"],
    payload: "thin",
    customer_id,
  };
  const endpoint = (await api.ask("POST", "/webhook-endpoints", { body })).body;
  expect(endpoint.payload).toBe("thin");
  startSending(platform);
  startTestRunner(api, [TALKATIVE]);
  const job_type_id = await createJobType(platform, { processing_logic_id: "echo" });
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: "secret" });
  await platform.jobs.cancel(id);
  await platform.wallets.topUp({ customer_id, amount_cents: 5, reference: "more" });
  await waitFor(() => receiver.received.length === 2);
  const [job, wallet] = receiver.received
    .map((one) => one.body)
    .toSorted((a) => (a.type === "job.finished" ? -1 : 1));
  expect(job).toEqual({
    type: "job.finished",
    timestamp: expect.any(String),
    sequence: 2,
    data: { id, customer_id, job_type_id, retry_of: null, status: "cancelled", url: `/jobs/${id}` },
  });
  expect(wallet).toEqual({
    type: "wallet.topped_up",
    timestamp: expect.any(String),
    data: { customer_id, url: `/customers/${customer_id}/wallet` },
  });
  for (const one of receiver.received)
    expect((await api.ask("GET", String(one.body.data["url"]))).status).toBe(200);

  const path = `/webhook-endpoints/${endpoint.id}`;
  const { data: rows } = (await api.ask("GET", `${path}/deliveries`)).body;
  const ofJob = rows.find((row: { type: string }) => row.type === "job.finished");
  const shown = async (): Promise<Record<string, unknown>> =>
    JSON.parse((await api.ask("GET", `/webhook-deliveries/${ofJob.id}`)).body.request.body).data;
  expect(await shown()).toEqual(job?.data);
  expect((await api.ask("PATCH", path, { body: { payload: "full" } })).body.payload).toBe("full");
  expect(await shown()).toMatchObject({ id, input_data: "secret", omitted: [], url: `/jobs/${id}` });
  expect((await api.ask("PATCH", path, { body: { payload: "small" } })).status).toBe(422);
  expect(await waitForEnd(platform, id)).toMatchObject({ status: "cancelled" });
});
