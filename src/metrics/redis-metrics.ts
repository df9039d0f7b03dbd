import { Gauge } from "prom-client";
import type { ReadyQueue } from "../core/model/ready-queue.ts";
import { CachedReading } from "./cached-reading.ts";
import type { Metrics } from "./metrics.ts";

/** Shows whether Redis works for this process. Call it only where Redis is used. */
export function watchRedis(metrics: Metrics, readyQueue: Pick<ReadyQueue, "ping">): void {
  const up = new Gauge({
    name: "iep_redis_up",
    help: "1 when Redis answers this process and takes writes, 0 when jobs are taken from PostgreSQL instead.",
    registers: [metrics.registry],
  });
  const ping = new CachedReading(async () => {
    await readyQueue.ping();
    return true;
  });
  metrics.beforeRead(async () => up.set((await ping.get()) === true ? 1 : 0));
}
