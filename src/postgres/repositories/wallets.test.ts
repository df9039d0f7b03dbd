import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
} from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";

let platform: OpenPlatform;

beforeAll(async () => {
  ({ platform } = await createTestPlatform({ poolSize: 20 }));
});

test("a top-up moves the balance and leaves an entry that carries it", async () => {
  const customer_id = await createCustomer(platform, 0);
  const { entry, replayed } = await platform.wallets.topUp({
    customer_id,
    amount_cents: 500,
    reference: "invoice 1",
  });
  expect(replayed).toBe(false);
  expect(entry).toMatchObject({
    kind: "top_up",
    amount_cents: 500,
    balance_after_cents: 500,
    seq: 1,
    reference: "invoice 1",
    job_id: null,
  });
  expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({
    current_balance_cents: 500,
    available_cents: 500,
    currency: "EUR",
  });
});

test("the same reference sent 20 times at once moves money once and returns the same entry to all", async () => {
  const customer_id = await createCustomer(platform, 0);
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      platform.wallets.topUp({ customer_id, amount_cents: 500, reference: "invoice 1" }),
    ),
  );
  expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(new Set(results.map(({ entry }) => JSON.stringify(entry))).size).toBe(1);
  expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({ current_balance_cents: 500 });
});

test("a reference used for another amount is refused and moves nothing", async () => {
  const customer_id = await createCustomer(platform, 0);
  await platform.wallets.topUp({ customer_id, amount_cents: 500, reference: "invoice 1" });
  await expect(
    platform.wallets.topUp({ customer_id, amount_cents: 501, reference: "invoice 1" }),
  ).rejects.toMatchObject({ code: "reference_reused" });
  expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({ current_balance_cents: 500 });
});

test("a deduction outside a hold takes available money only, and changes nothing when there is too little", async () => {
  const customer_id = await createCustomer(platform, 100);
  const job_type_id = await createJobType(platform, { standard_cost_cents: 60 });
  await platform.jobs.create({ id: uuidv7(), customer_id, job_type_id, priority: 1, input_data: {} });
  await expect(
    platform.wallets.deductBalance({ customer_id, amount_cents: 41, reason: "fee" }),
  ).rejects.toMatchObject({
    code: "insufficient_funds",
    members: {
      required_cents: 41,
      available_cents: 40,
      pending_charges_cents: 60,
      current_balance_cents: 100,
    },
  });
  const entry = await platform.wallets.deductBalance({ customer_id, amount_cents: 40, reason: "fee" });
  expect(entry).toMatchObject({
    kind: "adjustment",
    amount_cents: -40,
    balance_after_cents: 60,
    reason: "fee",
  });
});

test("deductions at once never take more than there is", async () => {
  const customer_id = await createCustomer(platform, 100);
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, () =>
      platform.wallets.deductBalance({ customer_id, amount_cents: 9, reason: "fee" }),
    ),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(11);
  expect(await platform.wallets.findByCustomerId(customer_id)).toMatchObject({ current_balance_cents: 1 });
});

test("a balance beyond what JSON can carry is refused, not wrapped", async () => {
  const customer_id = await createCustomer(platform, 9_000_000_000_000_000);
  await expect(
    platform.wallets.topUp({ customer_id, amount_cents: 1, reference: "more" }),
  ).rejects.toMatchObject({ code: "validation_failed" });
});

test("entries come newest first, a page at a time", async () => {
  const customer_id = await createCustomer(platform, 0);
  for (let n = 1; n <= 5; n += 1)
    await platform.wallets.topUp({ customer_id, amount_cents: n, reference: `r${n}` });
  const first = await platform.wallets.listEntries(customer_id, { limit: 2 });
  const second = await platform.wallets.listEntries(customer_id, { limit: 9, beforeSeq: first[1]?.seq });
  expect([...first, ...second].map((entry) => entry.seq)).toEqual([5, 4, 3, 2, 1]);
});

test("no wallet of an unknown customer, and no money for it", async () => {
  const customer_id = uuidv7();
  expect(await platform.wallets.findByCustomerId(customer_id)).toBeUndefined();
  await expect(
    platform.wallets.topUp({ customer_id, amount_cents: 1, reference: "x" }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("every promise holds after all of this", async () => {
  expect(await brokenPromises(platform)).toEqual([]);
});
