import { findEncodingFault, findVersionFault } from "../../../core/model/database-fault.ts";
import { describeAhead } from "../../../core/lib/describe-ahead.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { OperatorError } from "../../../core/lib/operator-error.ts";
import { CLOCK_TOLERANCE_MS, LEASE_SECONDS } from "../../../core/model/limits.ts";
import { isClean } from "../../../core/model/audit.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { allJobTypes } from "../job-types/find-job-type.ts";
import type { CliContext } from "../../terminal/context.ts";

/** `warn`: nothing is broken, but jobs may not run. `skipped`: another check that it needs is not passed. */
export type State = "ok" | "warn" | "bad" | "skipped";

/** What one check found, and how to fix it if it is not ok. */
export interface Finding {
  readonly check: string;
  readonly state: State;
  readonly found: string;
  readonly way_out: string | null;
}

interface Parts {
  readonly platform: Platform;
  readonly context: CliContext;
}

interface Check {
  readonly name: string;
  /** Checks that must be ok before this one can look. */
  readonly needs: readonly string[];
  /** The fix to suggest when `look` throws. */
  readonly way_out: string;
  look(parts: Parts): Promise<Omit<Finding, "check">>;
}

const ok = (found: string) => ({ state: "ok", found, way_out: null }) as const;
const warn = (found: string, way_out: string) => ({ state: "warn", found, way_out }) as const;
const bad = (found: string, way_out: string) => ({ state: "bad", found, way_out }) as const;

/** In the order in which they run and are printed. */
const CHECKS: readonly Check[] = [
  {
    name: "database",
    needs: [],
    way_out: "start PostgreSQL or correct DATABASE_URL",
    async look({ platform }) {
      await platform.ping();
      return ok("reachable");
    },
  },
  {
    name: "database version",
    needs: ["database"],
    way_out: "check that this role may connect",
    async look({ context }) {
      const facts = await context.serverFacts();
      const fault = findVersionFault(facts);
      return fault ? bad(fault.found, fault.way_out) : ok(`PostgreSQL ${facts.version}`);
    },
  },
  {
    name: "encoding",
    needs: ["database"],
    way_out: "check that this role may connect",
    async look({ context }) {
      const facts = await context.serverFacts();
      const fault = findEncodingFault(facts);
      return fault ? bad(fault.found, fault.way_out) : ok(facts.encoding);
    },
  },
  {
    name: "session",
    needs: ["database"],
    way_out: "check that this role may connect",
    async look({ context }) {
      const { session } = await context.serverFacts();
      const found = Object.entries(session).map(([name, value]) => `${name} ${value}`);
      if (session["statement_timeout"] !== "0") return ok(found.join(", "));
      return warn(found.join(", "), "a pooler drops the bound: ALTER ROLE … SET statement_timeout = '10s'");
    },
  },
  {
    name: "clock",
    needs: ["database"],
    way_out: "check that this role may connect",
    async look({ context }) {
      const { host_ahead_ms } = await context.serverFacts();
      const found = `this host's is ${describeAhead(host_ahead_ms)} the database's`;
      if (Math.abs(host_ahead_ms) <= CLOCK_TOLERANCE_MS) return ok(found);
      return warn(found, "set the clock of this host (NTP): jobs have the database's time");
    },
  },
  {
    name: "durability",
    needs: ["database"],
    way_out: "check that this role may connect",
    async look({ context }) {
      const { fsync, synchronous_commit } = await context.serverFacts();
      const found = `fsync ${fsync}, synchronous_commit ${synchronous_commit}`;
      if (fsync === "on" && synchronous_commit !== "off") return ok(found);
      return bad(found, "set both to on: a crash could lose jobs and money");
    },
  },
  {
    name: "schema",
    needs: ["database"],
    way_out: "see iep migrate status",
    async look({ context }) {
      const all = await context.migrations.status();
      const { migrations, functions, newerMigrations, newerFunctions } = await context.migrations.pending();
      if (migrations.length > 0)
        return bad(`${migrations.length} of ${all.length} migrations have not run`, "run iep migrate up");
      if (functions.length > 0)
        return bad(`not those of this version: ${functions.join(", ")}`, "run iep migrate up");
      const newer = [...newerMigrations, ...newerFunctions];
      if (newer.length > 0)
        return warn(
          `newer than this release: ${newer.join(", ")}`,
          "start the newer release: docs/upgrading.md",
        );
      return ok(`all ${all.length} migrations have run`);
    },
  },
  {
    name: "ready queue",
    needs: [],
    way_out: "start Redis or correct REDIS_URL",
    async look({ platform: { readyQueue } }) {
      await readyQueue.ping();
      const lengths = await readyQueue.lengths();
      if (!lengths) return ok("REDIS_URL is not set: runners take jobs from PostgreSQL");
      const rival = await readyQueue.findRival().catch(() => undefined);
      if (rival !== undefined) return warn(rival, "set another QUEUE_KEY_PREFIX for one of them");
      return ok(`Redis is reachable: ${lengths[0]} high, ${lengths[1]} medium, ${lengths[2]} low`);
    },
  },
  {
    name: "runners",
    needs: ["database", "schema"],
    way_out: "see iep runners",
    look: lookAtRunners,
  },
  {
    name: "queue",
    needs: ["database", "schema"],
    way_out: "see iep queue",
    async look({ platform }) {
      const paused_at = await platform.waitingJobs.pausedAt();
      return paused_at === null
        ? ok("not paused")
        : warn(`paused since ${paused_at}`, "run iep queue resume");
    },
  },
  {
    name: "job types",
    needs: ["database", "schema"],
    way_out: "see iep job-types list",
    async look({ platform }) {
      const paused: string[] = [];
      for await (const { paused_at, name } of allJobTypes(platform)) if (paused_at) paused.push(name);
      const unserved = await platform.waitingJobs.unserved();
      // Without any runner, the check of the runners says so.
      if (unserved.length > 0 && (await platform.runners.list()).length > 0) {
        const types = unserved.map(
          (type) => `${type.name} (${type.waiting} wait for ${type.processing_logic_id})`,
        );
        return warn(`no runner serves ${types.join(", ")}`, "start a runner that has these processors");
      }
      if (paused.length === 0) return ok("none is paused");
      return warn(`${paused.length} paused: ${paused.join(", ")}`, "run iep job-types resume <id>");
    },
  },
  {
    name: "audit",
    needs: ["database", "schema"],
    way_out: "see iep audit",
    async look({ platform }) {
      const rows = await platform.audit();
      if (isClean(rows)) return ok(`all ${rows.length} promises hold`);
      const broken = rows.filter((row) => row.broken > 0).map((row) => row.promise);
      return bad(`broken: ${broken.join(", ") || "there are no promises"}`, "see iep audit");
    },
  },
];

const PASSED: readonly (State | undefined)[] = ["ok", "warn"];

/** Runs every check, one after the other. If a check throws, its finding is the error. */
export async function examine(parts: Parts): Promise<Finding[]> {
  const findings = new Map<string, Finding>();
  for (const check of CHECKS) {
    const lacks = check.needs.find((name) => !PASSED.includes(findings.get(name)?.state));
    findings.set(check.name, {
      check: check.name,
      ...(lacks === undefined
        ? await check.look(parts).catch((error: unknown) => thrown(error, check, parts))
        : { state: "skipped", found: `needs the ${lacks}`, way_out: null }),
    });
  }
  return [...findings.values()];
}

/** The database says why by itself, and what to do about that; anything else is for the check to say. */
async function thrown(error: unknown, check: Check, { context }: Parts) {
  const refusal = await context.explain(error);
  return refusal ? bad(refusal.found, refusal.way_out) : bad(messageOf(error), check.way_out);
}

/**
 * Heartbeats are measured by the database's clock. Upkeep removes dead runners: a silent one on the list
 * means that no upkeep runs. Without a living runner it depends on the jobs: those that are due wait for ever.
 */
async function lookAtRunners({ platform, context }: Parts) {
  const start = "start one: iep runner";
  const [{ now }, runners] = [await context.serverFacts(), await platform.runners.list()];
  const silent = runners.filter(
    ({ heartbeat_at }) => Date.parse(now) - Date.parse(heartbeat_at) > LEASE_SECONDS * 1_000,
  );
  const silence = `${silent.length} of ${runners.length} sent no heartbeat for ${LEASE_SECONDS} s`;
  if (silent.length === runners.length) {
    return await withoutRunner(platform, runners.length === 0 ? "none is alive" : silence, start);
  }
  if (silent.length > 0) return warn(silence, start);
  const draining = runners.filter(({ draining_at }) => draining_at !== null);
  if (draining.length === runners.length)
    return await withoutRunner(
      platform,
      `all ${draining.length} drain`,
      "start another one, or let one take jobs again: iep runners resume <id>",
    );
  const slots = runners.reduce((sum, runner) => sum + runner.slots, 0);
  const drain = draining.length === 0 ? "" : `, ${draining.length} of them drain`;
  return ok(`${runners.length} alive, ${slots} slots${drain}`);
}

/** Nobody takes jobs. That is bad when there are some. */
async function withoutRunner(platform: Platform, found: string, way_out: string) {
  const due = (await platform.waitingJobs.overview()).reduce((sum, row) => sum + row.ready + row.backlog, 0);
  return due > 0 ? bad(`${found}, and ${due} jobs are due`, way_out) : warn(found, way_out);
}

function messageOf(error: unknown): string {
  if (error instanceof PlatformError && error.cause instanceof OperatorError) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}
