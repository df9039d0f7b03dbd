import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { ClaimedDelivery, WebhookEvent } from "../../src/core/model/webhook.ts";
import { connect, runSql } from "../support/sql.ts";
import { brokenPromises, createTestPlatform } from "../support/test-platform.ts";
import { createEnding } from "../support/webhook-batches.ts";
import { createEndpoint } from "../support/webhooks.ts";

const URL_OF_NOBODY = "http://127.0.0.1:9/";
const JOB_EVENTS = ["job.succeeded", "job.failed", "job.cancelled", "job.finished"] as const;
const CUSTOMERS = 2;

/** What is sent, in the order in which it is: by endpoint and job, each event with its webhook-id. */
type Sent = Map<string, { type: string; id: string }[]>;

function note(sent: Sent, { id, endpoint_id, type, subject }: ClaimedDelivery): void {
  if (subject.kind !== "job") throw new Error("its job is gone");
  const key = `${endpoint_id} ${subject.job.id}`;
  sent.set(key, [...(sent.get(key) ?? []), { type, id }]);
}

/** Claims and sends while there is something. Some of it is sent, and never settled: the sender died. */
async function sendAll(platform: OpenPlatform, sent: Sent, room: number, diesAt: number): Promise<void> {
  let n = 0;
  for (let after: string | undefined; ;) {
    const claim = { max: 40, room, rooms: new Map<string, number>(), after };
    const { claimed, cursor } = await platform.webhookDeliveries.claim(claim);
    after = cursor;
    const alive: ClaimedDelivery[] = [];
    for (const delivery of claimed) {
      note(sent, delivery);
      n += 1;
      if (n % diesAt !== 0) alive.push(delivery);
    }
    await platform.webhookDeliveries.settle(
      alive.map((delivery) => ({ delivery, kind: "delivered", health: "good" })),
    );
    if (claimed.length === 0 && cursor === undefined) return;
  }
}

const endpoint = fc.record({
  // One too many is the operator.
  owner: fc.nat({ max: CUSTOMERS }),
  events: fc.subarray([...JOB_EVENTS], { minLength: 1 }),
});
const ended = fc.record({
  owner: fc.nat({ max: CUSTOMERS - 1 }),
  jobs: fc.integer({ min: 1, max: 130 }),
  failsEach: fc.integer({ min: 1, max: 5 }),
  cancels: fc.nat({ max: 2 }),
});
const plan = fc.record({
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 4 }),
  ended: fc.array(ended, { minLength: 1, maxLength: 5 }),
  room: fc.integer({ min: 1, max: 64 }),
  diesAt: fc.integer({ min: 3, max: 50 }),
});

test("whoever ends, sends and dies: each event is sent, under one id, in the order of its job", async () => {
  const { platform, databaseUrl } = await createTestPlatform({ webhookAllowPrivate: true });
  const customers = await Promise.all(Array.from({ length: CUSTOMERS }, () => createEnding(platform)));
  const property = fc.asyncProperty(plan, async ({ endpoints, ended: batches, room, diesAt }) => {
    await runSql(
      databaseUrl,
      "TRUNCATE webhook_endpoints, webhook_secrets, webhook_batches, webhook_deliveries",
    );
    const wanted: { id: string; owner: string | null; events: readonly WebhookEvent[] }[] = [];
    for (const { owner, events } of endpoints) {
      const customer_id = customers[owner]?.customer_id ?? null;
      const { id } = await createEndpoint(platform, URL_OF_NOBODY, events, customer_id);
      wanted.push({ id, owner: customer_id, events });
    }
    const sent: Sent = new Map();
    const expected = new Map<string, string[]>();
    const expectEnd = (job: string, owner: string, status: string): void => {
      for (const one of wanted) {
        const types = ([`job.${status}`, "job.finished"] as WebhookEvent[]).filter(
          (type) => one.events.includes(type) && (one.owner ?? owner) === owner,
        );
        if (types.length > 0) expected.set(`${one.id} ${job}`, types);
      }
    };
    const end = async ({ owner, jobs, failsEach, cancels }: (typeof batches)[number]): Promise<void> => {
      const customer = customers[owner];
      if (!customer) throw new Error("no such customer");
      const started = await customer.start(jobs + cancels);
      const settled = started.slice(0, jobs);
      const endingOf = (n: number) => (n % failsEach === 0 ? "failed" : "succeeded");
      for (const [n, id] of (await customer.settle(settled, endingOf)).entries())
        expectEnd(id, customer.customer_id, endingOf(n));
      for (const { id } of started.slice(jobs)) {
        await platform.jobs.cancel(id);
        expectEnd(id, customer.customer_id, "cancelled");
      }
    };
    // Two that send and one that dies in the middle of a claim, while jobs end.
    const dying = await connect(databaseUrl);
    await Promise.all([
      ...batches.map(end),
      sendAll(platform, sent, room, diesAt),
      sendAll(platform, sent, room, diesAt + 1),
      (async () => {
        await dying.query("BEGIN");
        await dying.query("SELECT claim_webhooks(NULL, NULL, 200, 64, '{}', '{}', '45 seconds')");
        await dying.end();
      })(),
    ]);
    for (let left = true; left;) {
      await Promise.all([
        sendAll(platform, sent, room, diesAt),
        sendAll(platform, sent, 2 * room, Number.MAX_SAFE_INTEGER),
      ]);
      // The leases of what died with its sender end.
      const { rowCount } = await runSql(
        databaseUrl,
        "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending'",
      );
      const { rows } = await runSql<{ n: number }>(
        databaseUrl,
        "SELECT count(*)::int AS n FROM webhook_batches",
      );
      left = (rowCount ?? 0) > 0 || (rows[0]?.n ?? 0) > 0;
    }
    const told = new Map<string, string[]>();
    for (const [key, events] of sent) {
      const ids = new Map<string, Set<string>>();
      for (const { type, id } of events) ids.set(type, (ids.get(type) ?? new Set()).add(id));
      expect([...ids.values()].every((of) => of.size === 1)).toBe(true);
      // Sent again, an event is no longer before what came after it the first time: the last of the one before
      // is never behind the first of the next.
      const types = [...ids.keys()];
      for (const [n, type] of types.slice(1).entries())
        expect(events.findLastIndex((one) => one.type === types[n])).toBeLessThan(
          events.findIndex((one) => one.type === type),
        );
      told.set(key, types);
    }
    expect(told).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 12 });
  expect(await brokenPromises(platform)).toEqual([]);
});
