import { expect, test } from "vitest";
import { createTestApi } from "../../src/api/test-api.ts";
import { defineProcessor } from "../../src/processors/sdk/define-processor.ts";
import { startReceiver } from "../../test/support/receiver.ts";
import { createCustomer, createJobType } from "../../test/support/test-platform.ts";
import { startTestRunner } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { startSending } from "../../test/support/webhooks.ts";
import { createClient, TooManyOriginsError, ValidationFailedError, webhooks } from "../src/create-client.ts";

test("a job brings a webhook, which the customer's secret verifies; a wrong one is an error of its class", async () => {
  const api = await createTestApi({ webhookAllowPrivate: true });
  const customer_id = await createCustomer(api.platform);
  const apiKey = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
  await createJobType(api.platform, { name: "Shout", processing_logic_id: "shout" });
  startTestRunner(api, [defineProcessor({ id: "shout", run: (input) => ({ got: input }) })]);
  const baseUrl = await api.api.listen({ host: "127.0.0.1", port: 0 });
  const iep = createClient({ baseUrl, apiKey });
  const rotate = "POST /customers/{id}/rotate-webhook-secret";
  const { secret } = await iep.call(rotate, { path: { id: customer_id }, body: {} });
  const receiver = await startReceiver();
  startSending(api.platform);

  const url = `${receiver.url}/8812`;
  const job = await iep.jobs.run("Shout", "Hi", { webhook: { url } });
  const [batched] = await iep.jobs.batch([
    { type: "Shout", input: "Ho", webhook: { url, events: ["job.succeeded"] } },
  ]);
  await waitFor(async () => {
    await api.platform.readyQueue.refill();
    return receiver.received.length === 2;
  });
  const told = await Promise.all(
    receiver.received.map(({ text, headers }) => webhooks.verify(text, headers, secret)),
  );
  expect(told.map(({ type }) => type).toSorted()).toEqual(["job.finished", "job.succeeded"]);
  const ofRun = told.find(({ type }) => type === "job.finished");
  expect(ofRun).toMatchObject({ sequence: 3, data: { id: job.id, url: `/jobs/${job.id}` } });
  expect(told.find(({ type }) => type === "job.succeeded")).toMatchObject({
    data: { id: batched?.job?.id, output_data: { got: "Ho" } },
  });

  const wrong = { webhook: { url: "shop" } };
  await expect(iep.jobs.submit("Shout", "Hi", wrong)).rejects.toBeInstanceOf(ValidationFailedError);
  expect((await iep.jobs.estimate("Shout", "Hi", wrong)).affordable).toBe(true);
  const origins = Array.from({ length: 100 }, (_, n) => `https://shop${n}.example`);
  const results = await iep.jobs.batch(
    origins.map((origin) => ({ type: "Shout", input: null, webhook: { url: origin } })),
  );
  const refused = results.filter(({ error }) => error);
  // The origin of the receiver counts as well.
  expect(refused).toHaveLength(1);
  expect(refused[0]?.error).toBeInstanceOf(TooManyOriginsError);
});
