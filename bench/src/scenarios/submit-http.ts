import { insistOnCounts, withStage, type Bench } from "../bench.ts";
import { contest } from "../contest.ts";
import { cpuOf, memoryOf } from "../proc.ts";
import type { ApiMethods } from "../processes/api-process.ts";
import { startRemote } from "../processes/remote.ts";
import { say, type Scenario } from "../scenario.ts";

const REQUESTS = 20_000;
const WARM_UP = 2_000;
const [REQUESTS_LEAST, WARM_UP_LEAST] = [500, 200];
/**
 * A contender that is slow with batches is not as slow one by one, and gets at least this part of the
 * requests.
 */
const SHARE_LEAST = 0.5;
const CONNECTIONS = 100;
const MIB = 1_024 ** 2;

export const submitHttp = (bench: Bench): Scenario => ({
  name: "submit-http",
  title: "Submit one by one over HTTP",
  about: `${say(bench.scaled(REQUESTS, REQUESTS_LEAST))} requests with one job each over ${CONNECTIONS} connections to one API process, after ${say(bench.scaled(WARM_UP, WARM_UP_LEAST))} to warm up. Peers: a plain route of the same Fastify, without authentication; ours: the whole API with the keys of 100 customers.`,
  columns: [
    { key: "per_second", title: "jobs/s", digits: 0 },
    { key: "api_cpu", title: "API CPU s / 1,000", digits: 3 },
    { key: "postgres_cpu", title: "PostgreSQL CPU s / 1,000", digits: 3 },
    { key: "redis_cpu", title: "Redis CPU s / 1,000", digits: 3 },
    { key: "memory_mib", title: "API RSS MiB", digits: 0 },
  ],
  better: "more",
  compare: "peers",
  prepare: () =>
    contest(bench, async (name, { share }) =>
      withStage(bench, name, {}, async (stage) => {
        const { client, site } = stage;
        const requests = bench.scaled(REQUESTS * Math.max(share, SHARE_LEAST), REQUESTS_LEAST);
        const warmUp = bench.scaled(WARM_UP, WARM_UP_LEAST);
        const api = startRemote<ApiMethods>({ file: "api-process" });
        const port = await api.ask("listen", name, site);
        const load = { port, connections: CONNECTIONS };
        await client.ask("submitOverHttp", { ...load, first: 0, count: warmUp });
        await bench.servers.checkpoint();
        const [before, api_before] = [bench.servers.cpu(), cpuOf(api.pid)];
        const ms = await client.ask("submitOverHttp", { ...load, first: warmUp, count: requests });
        const [after, api_after, memory] = [bench.servers.cpu(), cpuOf(api.pid), memoryOf(api.pid)];
        await insistOnCounts(stage, { open: warmUp + requests, succeeded: 0 });
        await api.ask("close");
        await api.end();
        const thousands = requests / 1_000;
        return {
          per_second: requests / (ms / 1_000),
          api_cpu: (api_after - api_before) / thousands,
          postgres_cpu: (after.postgres - before.postgres) / thousands,
          redis_cpu: (after.redis - before.redis) / thousands,
          memory_mib: memory / MIB,
        };
      }),
    ),
});
