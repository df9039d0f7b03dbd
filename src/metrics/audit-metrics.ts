import { Gauge } from "prom-client";
import type { AuditRepository, LastAudit } from "../core/model/audit.ts";
import { AUDIT_EVERY_MS, AUDIT_PAUSE_TIMES } from "../core/model/limits.ts";
import { CachedReading } from "./cached-reading.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Shows what the last audit of the runners found, which every API reads from the database. Nothing is shown
 * before the first one, or when it cannot be read: 0 would say that a promise is broken.
 */
export function watchAudit(metrics: Metrics, audits: Pick<AuditRepository, "last">): void {
  const last = new CachedReading(() => audits.last());
  const show = auditGauges(metrics);
  metrics.beforeRead(async () => show(await last.get()));
}

function auditGauges({ registry }: Metrics): (audit: LastAudit | undefined) => void {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const ok = gauge("iep_audit_ok", "1 when the last audit found every promise kept, 0 when one is broken.");
  const broken = gauge("iep_audit_broken_promises", "Promises that the last audit found broken.");
  const duration = gauge("iep_audit_duration_seconds", "How long the last audit took.");
  const began = gauge("iep_audit_timestamp_seconds", "When the last audit began, since 1970 in UTC.");
  const interval = gauge("iep_audit_interval_seconds", "How long after the last audit the next one begins.");
  return (audit) => {
    for (const one of [ok, broken, duration, began, interval]) one.remove();
    if (!audit || audit.checked_at === null || audit.took_ms === null) return;
    const brokenPromises = audit.promises.filter((row) => row.broken > 0).length;
    ok.set(brokenPromises === 0 ? 1 : 0);
    broken.set(brokenPromises);
    duration.set(audit.took_ms / 1_000);
    began.set(Date.parse(audit.checked_at) / 1_000);
    interval.set(Math.max(AUDIT_EVERY_MS, AUDIT_PAUSE_TIMES * audit.took_ms) / 1_000);
  };
}
