import { expect, test, vi } from "vitest";
import type { AuditRow } from "../core/model/audit.ts";
import { AUDIT_EVERY_MS } from "../core/model/limits.ts";
import { connect } from "../../test/support/sql.ts";
import { createTestPlatform } from "../../test/support/test-platform.ts";
import { auditing, type Audited } from "./auditing.ts";

const KEPT: AuditRow = { promise: "kept", says: "It is kept.", broken: 0, example: null };
const BROKEN: AuditRow = { promise: "broken", says: "It is broken.", broken: 2, example: "a wallet" };

/** An auditing whose clock stands still until it is set. */
function withClock(audit: () => Promise<readonly AuditRow[] | undefined>, first_ms = 0) {
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const heard: Audited[] = [];
  const task = auditing({ audit, first_ms, onAudited: (audited) => void heard.push(audited) });
  return {
    heard,
    async at(now_ms: number): Promise<void> {
      clock.mockReturnValue(now_ms);
      await task.runOnce();
    },
    elapse: (now_ms: number) => void clock.mockReturnValue(now_ms),
    [Symbol.dispose]: () => clock.mockRestore(),
  };
}

test("it waits before the first audit, names what is broken, and goes again when the interval is over", async () => {
  const audit = vi.fn<() => Promise<AuditRow[]>>(async () => Promise.resolve([KEPT, BROKEN]));
  using task = withClock(audit, 60_000);
  await task.at(59_999);
  expect(audit).not.toHaveBeenCalled();
  await task.at(60_000);
  expect(task.heard).toEqual([{ broken: [BROKEN], took_ms: 0, next_ms: AUDIT_EVERY_MS }]);
  await task.at(60_000 + AUDIT_EVERY_MS - 1);
  expect(audit).toHaveBeenCalledTimes(1);
  await task.at(60_000 + AUDIT_EVERY_MS);
  expect(audit).toHaveBeenCalledTimes(2);
});

test("an audit of a minute is followed by 100 minutes without one, also when it failed", async () => {
  let fails = true;
  const audit = vi.fn<() => Promise<AuditRow[]>>(async () => {
    task.elapse(performance.now() + 60_000);
    if (fails) throw new Error("statement timeout");
    return await Promise.resolve([KEPT]);
  });
  using task = withClock(audit);
  await expect(task.at(0)).rejects.toThrow("statement timeout");
  fails = false;
  await task.at(60_000 + 99 * 60_000);
  expect([audit.mock.calls.length, task.heard]).toEqual([1, []]);
  await task.at(60_000 + 100 * 60_000);
  expect(task.heard).toEqual([{ broken: [], took_ms: 60_000, next_ms: 6_000_000 }]);
});

test("while another process audits, it returns nothing; then it is tried again in a minute", async () => {
  const { platform, databaseUrl } = await createTestPlatform();
  const other = await connect(databaseUrl);
  await other.query("BEGIN");
  await other.query("SELECT pg_advisory_xact_lock(hashtext('audit'))");
  expect(await platform.auditAlone()).toBeUndefined();
  await other.query("COMMIT");
  expect(await platform.auditAlone()).toEqual(await platform.audit());

  const audit = vi.fn<() => Promise<AuditRow[] | undefined>>().mockResolvedValueOnce(undefined);
  audit.mockResolvedValue([KEPT]);
  using task = withClock(audit);
  await task.at(0);
  await task.at(59_999);
  expect([audit.mock.calls.length, task.heard]).toEqual([1, []]);
  await task.at(60_000);
  expect(task.heard).toHaveLength(1);
});
