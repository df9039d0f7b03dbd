import { Gauge } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** A pool of connections, as its numbers stand now. */
export interface ShownPool {
  readonly name: string;
  /** Connections at most. */
  readonly size: number;
  readonly totalCount: number;
  readonly idleCount: number;
  /** Who waits for a connection. */
  readonly waitingCount: number;
}

/** Shows the use of this process's connections to PostgreSQL. */
export function watchPools(metrics: Metrics, pools: readonly ShownPool[]): void {
  const registers = [metrics.registry];
  const size = new Gauge({
    name: "iep_pool_size",
    help: "Connections that a pool of this process may open.",
    labelNames: ["pool"],
    registers,
  });
  const connections = new Gauge({
    name: "iep_pool_connections",
    help: "Open connections of a pool that are busy or idle.",
    labelNames: ["pool", "state"],
    registers,
  });
  const waiting = new Gauge({
    name: "iep_pool_waiting",
    help: "Calls that wait for a free connection of a pool.",
    labelNames: ["pool"],
    registers,
  });
  metrics.beforeRead(() => {
    for (const pool of pools) {
      const { name } = pool;
      size.set({ pool: name }, pool.size);
      connections.set({ pool: name, state: "busy" }, pool.totalCount - pool.idleCount);
      connections.set({ pool: name, state: "idle" }, pool.idleCount);
      waiting.set({ pool: name }, pool.waitingCount);
    }
  });
}
