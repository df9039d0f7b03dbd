import { expect, test } from "vitest";
import { runSql } from "../../test/support/sql.ts";
import { createCustomer, createTestPlatform } from "../../test/support/test-platform.ts";
import { watchAudit } from "./audit-metrics.ts";
import { createMetrics } from "./metrics.ts";

test("an audit is shown once there was one, and names how many promises are broken", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const lines = async (): Promise<string[]> => {
    const metrics = createMetrics();
    watchAudit(metrics, platform.audits);
    return (await metrics.read()).split("\n").filter((line) => line.startsWith("iep_audit"));
  };
  await createCustomer(platform, 500);
  expect(await lines()).toEqual([]);

  await platform.audits.runIfDue();
  expect(await lines()).toEqual([
    "iep_audit_ok 1",
    "iep_audit_broken_promises 0",
    expect.stringMatching(/^iep_audit_duration_seconds 0\.\d+$/),
    expect.stringMatching(/^iep_audit_timestamp_seconds \d+/),
    "iep_audit_interval_seconds 3600",
  ]);

  await runSql(databaseUrl, "ALTER TABLE wallets DISABLE TRIGGER ALL");
  await runSql(databaseUrl, "UPDATE wallets SET current_balance_cents = current_balance_cents + 1");
  await platform.audits.request();
  await platform.audits.runIfDue();
  expect(await lines()).toEqual(expect.arrayContaining(["iep_audit_ok 0", "iep_audit_broken_promises 1"]));
});
