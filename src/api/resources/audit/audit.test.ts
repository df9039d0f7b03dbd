import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createTestApi } from "../../test-api.ts";

test("upkeep audits when that is due or asked for, and the last result is kept", async () => {
  const api = await createTestApi();
  const { platform, databaseUrl } = api;
  const last = async () => (await api.ask("GET", "/audit")).body;
  expect(await last()).toEqual({
    status: null,
    checked_at: null,
    took_ms: null,
    requested_at: null,
    promises: [],
  });
  await upkeepTask(platform, "auditing").runOnce();
  const first = await waitFor(async () => {
    const audit = await last();
    return audit.status === "clean" && audit;
  });
  expect(first.promises).toEqual(await platform.audit());

  // Not due.
  await platform.audits.runIfDue();
  expect(await last()).toEqual(first);

  const customer_id = await createCustomer(platform);
  await runSql(databaseUrl, "UPDATE wallets SET current_balance_cents = 5 WHERE customer_id = $1", [
    customer_id,
  ]);
  const asked = await api.ask("POST", "/audit");
  expect(asked).toMatchObject({ status: 202, body: { status: "clean", requested_at: expect.any(String) } });
  // What is asked for while an audit runs is asked for after it: the last request counts.
  const again = await api.ask("POST", "/audit");
  expect(Date.parse(again.body.requested_at)).toBeGreaterThanOrEqual(Date.parse(asked.body.requested_at));
  await platform.audits.runIfDue();
  const second = await last();
  expect(second).toMatchObject({ status: "broken", requested_at: null });
  const { attention, now } = (await api.ask("GET", "/overview")).body;
  expect(attention[0]).toMatchObject({ kind: "audit_broken", severity: "bad" });
  expect(now.audit).toEqual({ status: "broken", checked_at: second.checked_at });
});

test("an audit that fails is told by the next round, and is tried again", async () => {
  const api = await createTestApi();
  const task = upkeepTask(api.platform, "auditing");
  await runSql(api.databaseUrl, "ALTER TABLE last_audit RENAME TO hidden");
  await task.runOnce();
  expect(await waitFor(() => task.runOnce().then(() => undefined, String))).toContain("last_audit");
  await runSql(api.databaseUrl, "ALTER TABLE hidden RENAME TO last_audit");
  await task.runOnce();
  await waitFor(async () => (await api.platform.audits.last()).status === "clean");
});
