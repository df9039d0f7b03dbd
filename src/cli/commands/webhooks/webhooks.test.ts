import { expect, test } from "vitest";
import { startReceiver } from "../../../../test/support/receiver.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";

const URL_OF_SHOP = "https://shop.example/webhooks";

test("an endpoint is created with a secret, listed, disabled, enabled and deleted", async () => {
  const cli = await createTestCli();
  expect((await cli.run("webhooks", "list")).stderr).toBe("No webhook endpoints found.\n");
  const customer = await createCustomer(cli.platform);
  const created = await cli.json(
    "webhooks",
    "create",
    "--url",
    URL_OF_SHOP,
    "--events",
    "job.finished, wallet.low",
    "--customer",
    customer,
  );
  expect(created).toMatchObject({
    url: URL_OF_SHOP,
    events: ["job.finished", "wallet.low"],
    customer_id: customer,
    secret: expect.stringMatching(/^whsec_/),
  });
  const { id } = created as { id: string };
  expect((await cli.run("webhooks", "list", "--customer", customer)).stdout).toMatch(
    new RegExp(`^${id}  ok +job.finished,wallet.low +${URL_OF_SHOP} +${customer}`, "m"),
  );
  expect((await cli.run("webhooks", "disable", id)).stdout).toMatch(/^state +disabled \(by_hand\)$/m);
  expect((await cli.run("webhooks", "enable", id)).stdout).toMatch(/^state +ok$/m);
  expect((await cli.run("webhooks", "show", id)).stdout).not.toContain("whsec_");
  expect((await cli.run("webhooks", "rotate-secret", id)).stdout).toMatch(/^whsec_/);
  expect((await cli.run("webhooks", "delete", id)).stdout).toBe(`deleted ${id}\n`);
  expect((await cli.run("webhooks", "show", id)).exitCode).toBe(1);
});

test("what waits behind the deliveries of an endpoint is counted", async () => {
  const cli = await createTestCli();
  const { id } = (await cli.json(
    "webhooks",
    "create",
    "--url",
    URL_OF_SHOP,
    "--events",
    "job.cancelled",
  )) as {
    id: string;
  };
  const { platform } = cli;
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  await platform.jobs.cancel((await submitJob(platform, { ...job, input_data: null })).id);
  expect((await cli.run("webhooks", "show", id)).stdout).toMatch(/^waiting events +1$/m);
  const { stdout, stderr } = await cli.run("webhooks", "deliveries", id);
  expect(stdout + stderr).toMatch(/^Behind them, 1 event waits\.$/m);
  expect((await cli.run("webhooks", "list")).stdout).toMatch(/WAITING/);
});

test("a test event waits for a runner, and can be sent again", async () => {
  const cli = await createTestCli();
  const { id } = (await cli.json("webhooks", "create", "--url", URL_OF_SHOP, "--events", "job.failed")) as {
    id: string;
  };
  const delivery = (await cli.json("webhooks", "test", id)) as { id: string };
  expect((await cli.run("webhooks", "deliveries", id)).stdout).toMatch(
    new RegExp(`^${delivery.id}  job.failed +pending +0 +-`, "m"),
  );
  expect(await cli.json("webhooks", "resend", delivery.id)).toMatchObject({ status: "pending" });
  expect(await cli.json("webhooks", "replay", id, "--since", "1h")).toEqual({ deliveries: 0 });
});

test("listen forwards what happens, signed, until it is stopped, and leaves nothing behind", async () => {
  const keys = new AbortController();
  const cli = await createTestCli({ interruption: () => keys.signal });
  const { platform } = cli;
  const receiver = await startReceiver();
  const listening = cli.run("webhooks", "listen", "--forward-to", receiver.url.replace("http://", ""));
  await waitFor(async () => (await platform.webhookEndpoints.list(undefined, { limit: 1 })).length === 1);
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  const { id } = await submitJob(platform, { ...job, input_data: null });
  await platform.jobs.cancel(id);
  await waitFor(() => receiver.received.length === 3);
  // Before it ends, it writes what came of them.
  await waitFor(async () => {
    const [endpoint] = await platform.webhookEndpoints.list(undefined, { limit: 1 });
    const rows = await platform.webhookDeliveries.list(endpoint?.id ?? "", "delivered", { limit: 5 });
    return rows.length === 3;
  });
  keys.abort();
  const { exitCode, stdout, stderr } = await listening;
  expect(exitCode).toBe(0);
  const [, secret = ""] = /^Secret (\S+)$/m.exec(stderr) ?? [];
  receiver.verify(secret);
  expect(receiver.received.map(({ body }) => body.type).toSorted()).toEqual([
    "job.cancelled",
    "job.finished",
    "wallet.topped_up",
  ]);
  expect(stdout).toMatch(/^job\.cancelled +msg_[0-9a-f]{32} +200$/m);
  expect(await platform.webhookEndpoints.list(undefined, { limit: 1 })).toEqual([]);
});

test.each([
  [["create", "--events", "job.failed"], "--url"],
  [["create", "--url", URL_OF_SHOP, "--events", "job.started"], "must be some of job.succeeded"],
  [["rotate-secret", "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11", "--overlap", "169"], "from 0 to 168"],
  [["listen", "--forward-to", "http://["], "must be an address such as"],
])("iep webhooks %j is refused", async (argv, message) => {
  const { exitCode, stderr } = await (await createTestCli()).run("webhooks", ...argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
});

test("an address that is private is refused, with the way out", async () => {
  const { exitCode, stderr } = await (
    await createTestCli()
  ).run("webhooks", "create", "--url", "https://10.0.0.1", "--events", "job.failed");
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("WEBHOOK_ALLOW_PRIVATE=true")]);
});

test("the payload of an endpoint is thin or full", async () => {
  const cli = await createTestCli();
  const args = ["--url", URL_OF_SHOP, "--events", "job.failed", "--payload", "thin"];
  const { id } = (await cli.json("webhooks", "create", ...args)) as { id: string };
  expect((await cli.run("webhooks", "show", id)).stdout).toMatch(/^payload +thin$/m);
  expect((await cli.run("webhooks", "set-payload", id, "full")).stdout).toMatch(/^payload +full$/m);
  expect((await cli.run("webhooks", "set-payload", id, "small")).stderr).toContain("must be full or thin");
});

test("a job brings a webhook of its own, whose origin is listed apart and whose secret is the customer's", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  const type = await createJobType(cli.platform);
  const submit = (...more: string[]) =>
    cli.run("jobs", "submit", "--customer", customer, "--type", type, ...more);
  const url = "https://shop.example/orders/1";
  expect((await submit("--webhook", url, "--webhook-events", "job.failed")).exitCode).toBe(0);
  expect((await submit("--webhook", "https://10.0.0.1/")).stderr).toContain("--webhook must not lead to");
  expect((await submit("--webhook", url, "--webhook-events", "wallet.low")).stderr).toContain(
    "must be some of",
  );
  expect((await submit("--webhook-events", "job.failed")).stderr).toContain("needs --webhook");
  expect((await cli.run("webhooks", "list")).stderr).toBe("No webhook endpoints found.\n");
  const [{ id }] = (await cli.json("webhooks", "list", "--one-off")) as [{ id: string }];
  expect((await cli.run("webhooks", "show", id)).stdout).toMatch(/^kind +one_off$/m);
  for (const command of ["disable", "test", "rotate-secret"])
    expect((await cli.run("webhooks", command, id)).stderr).toContain("webhooks of single jobs");
  const secret = (await cli.run("webhooks", "rotate-job-secret", "--customer", customer)).stdout;
  expect(secret).toMatch(/^whsec_/);
  expect((await cli.run("webhooks", "rotate-job-secret", "--customer", type)).exitCode).toBe(1);
});
