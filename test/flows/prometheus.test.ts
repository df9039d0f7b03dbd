import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep } from "../support/processes.ts";
import { DEPLOY, findPrometheus, runPromtool, startPrometheus } from "../support/prometheus.ts";
import { redisNamespace } from "../support/redis.ts";
import { postCustomer, postJobType, startApi, submitAll } from "../support/stack.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// The metrics of real processes, scraped by a real Prometheus with the shipped configuration, alerts and board.

const BOARD = fileURLToPath(new URL("../../deploy/grafana/iep-overview.json", import.meta.url));
const programs = await findPrometheus();
/** The expression of an alert, up to what follows it. */
const EXPRESSION = /expr: .*?(?=\n +(?:for|labels):)/gs;
const JOBS = 40;
const FAILING = 10;

interface Stack {
  readonly apiUrl: string;
  readonly runnerUrl: string;
  /** The metrics of both, when all jobs have ended. */
  readonly api: string;
  readonly runner: string;
}

/** An API and a runner with metrics, on Redis, which have run some jobs. */
async function startMeasuredStack(): Promise<Stack> {
  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
  };
  const runner = startIep(["runner"], { env: { ...environment, METRICS_PORT: "0" } });
  const { request, url: apiUrl } = await startApi(environment);
  const [, runnerUrl = ""] = await runner.waitForLine(/"url":"(http:[^"]+\/metrics)"/);
  const type = await postJobType(request, { processing_logic_id: "simulate", standard_cost_cents: 7 });
  const customer = await postCustomer(request, "Measured", 100_000);
  const job = (n: number) => ({
    customer_id: customer,
    job_type_id: type,
    priority: n % 3,
    max_attempts: 1,
    input_data: { duration_ms: 5, fail: n < FAILING },
  });
  await submitAll(
    request,
    Array.from({ length: JOBS }, (_, n) => job(n)),
  );
  const text = await waitFor(
    async () => {
      const scraped = await read(runnerUrl);
      const settled = valueOf(scraped, 'iep_jobs_settled_total{processor="simulate",outcome="succeeded"}');
      const waits = sumOf(scraped, "iep_job_wait_seconds_count");
      return settled === JOBS - FAILING && waits === JOBS && scraped;
    },
    { timeoutMs: PATIENCE_MS, describe: "all jobs to be measured" },
  );
  return { apiUrl, runnerUrl, api: await read(`${apiUrl}/metrics`), runner: text };
}

async function read(url: string): Promise<string> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} returned ${response.status}`);
  return await response.text();
}

function valueOf(metrics: string, series: string): number | undefined {
  const line = metrics.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

function sumOf(metrics: string, name: string): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** The metrics that a text of Prometheus declares, and the series of its histograms. */
function declared(metrics: string): Set<string> {
  const types = [...metrics.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = "", type]) =>
      type === "histogram" ? ["bucket", "sum", "count"].map((end) => `${name}_${end}`) : [name],
    ),
  );
}

function expressionsOfBoard(text: string): string[] {
  return [...text.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, quoted = '""']) =>
    // What the pattern found is a JSON string.
    (JSON.parse(quoted) as string).replaceAll("$__rate_interval", "1m"),
  );
}

function namesIn(text: string): string[] {
  return [...new Set(text.match(/\biep_\w+/g))];
}

/** Asks Prometheus. The caller says what it expects. */
async function ask<Data>(prometheus: string, path: string): Promise<Data> {
  const response = await fetch(`${prometheus}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; data: Data; error?: string };
  if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
  return body.data;
}

describe.skipIf(programs === undefined)("a real Prometheus", () => {
  const { prometheus = "", promtool = "" } = programs ?? {};
  let stack: Stack;
  beforeAll(async () => {
    stack = await startMeasuredStack();
  });

  test("finds no fault in the metrics of an API and of a runner", async () => {
    for (const input of [stack.api, stack.runner]) {
      expect(input.match(/^[a-z]\w*/gm)?.filter((name) => !name.startsWith("iep_"))).toEqual([]);
      expect(await runPromtool(promtool, ["check", "metrics"], { input })).toEqual({ code: 0, said: "" });
    }
    const wrong = "# HELP iep_some_total Some.\n# TYPE iep_some_total gauge\niep_some_total 1\n";
    expect((await runPromtool(promtool, ["check", "metrics"], { input: wrong })).code).not.toBe(0);
  });

  test("counts what happened, and no job twice", () => {
    const { api, runner } = stack;
    expect([0, 1, 2].map((p) => valueOf(api, `iep_jobs_submitted_total{priority="${p}"}`))).toEqual([
      14, 13, 13,
    ]);
    const settled = (outcome: string) =>
      valueOf(runner, `iep_jobs_settled_total{processor="simulate",outcome="${outcome}"}`);
    expect([settled("succeeded"), settled("failed"), settled("retry")]).toEqual([JOBS - FAILING, FAILING, 0]);
    expect(valueOf(runner, 'iep_job_run_seconds_count{processor="simulate"}')).toBe(JOBS);
    expect(valueOf(api, 'iep_charged_cents_total{currency="EUR"}')).toBe((JOBS - FAILING) * 7);
    expect(valueOf(api, 'iep_held_cents{currency="EUR"}')).toBe(0);
    expect([valueOf(api, "iep_runners"), valueOf(api, "iep_runner_slots")]).toEqual([1, 32]);
    expect([valueOf(api, "iep_redis_up"), valueOf(runner, "iep_redis_up")]).toEqual([1, 1]);
    expect(valueOf(runner, 'iep_slots{state="free"}')).toBe(32);
    expect(valueOf(runner, "iep_stale_settles_refused_total")).toBe(0);
    // Before the first audit there is none: a 0 would page somebody.
    expect(valueOf(api, "iep_audit_ok")).not.toBe(0);
  });

  test("takes the configuration, the alerts and the board, and gets what they ask for", async () => {
    const url = await startPrometheus(prometheus, {
      api: [new URL(stack.apiUrl).host],
      runner: [new URL(stack.runnerUrl).host],
    });
    await waitFor(
      async () => {
        const { result } = await ask<{ result: unknown[] }>(url, "query?query=up==1");
        return result.length === 2;
      },
      { timeoutMs: PATIENCE_MS, describe: "both processes to be scraped" },
    );
    const alerts = await waitFor(
      async () => {
        const { groups } = await ask<{ groups: { rules: { name: string; health: string }[] }[] }>(
          url,
          "rules",
        );
        const rules = groups.flatMap((group) => group.rules);
        return rules.every(({ health }) => health !== "unknown") && rules;
      },
      { describe: "all alerts to be evaluated" },
    );
    expect(alerts.length).toBeGreaterThan(12);
    expect(alerts.filter(({ health }) => health !== "ok")).toEqual([]);

    const expressions = expressionsOfBoard(await readFile(BOARD, "utf8"));
    expect(expressions.length).toBeGreaterThan(30);
    for (const expression of expressions) await ask(url, `query?query=${encodeURIComponent(expression)}`);
  });

  test("has every metric that the alerts and the board name", async () => {
    const exported = new Set([...declared(stack.api), ...declared(stack.runner)]);
    for (const file of [BOARD, join(DEPLOY, "alerts.yml"), join(DEPLOY, "alerts.test.yml")]) {
      const names = namesIn(await readFile(file, "utf8"));
      expect(names.length).toBeGreaterThan(10);
      expect(names.filter((name) => !exported.has(name))).toEqual([]);
    }
    expect(exported.has("iep_no_such_metric")).toBe(false);
  });

  test("has every metric that the guide names, and the guide has all of ours", async () => {
    const guide = await readFile(fileURLToPath(new URL("../../docs/operating.md", import.meta.url)), "utf8");
    const named = new Set([...guide.matchAll(/`(iep_\w+)`/g)].map(([, name]) => name));
    const types = [...`${stack.api}\n${stack.runner}`.matchAll(/^# TYPE (\w+) /gm)].map(
      ([, name = ""]) => name,
    );
    const ours = types.filter((name) => !/^iep_(?:process|nodejs)_/.test(name));
    expect(new Set(ours)).toEqual(new Set([...named].filter((name) => !/^iep_run$/.test(name ?? ""))));
  });
});

describe.skipIf(programs === undefined)("the alerts", () => {
  const { promtool = "" } = programs ?? {};

  test("are well-formed, and fire when they are to, and only then", async () => {
    expect((await runPromtool(promtool, ["check", "config", "prometheus.yml"])).code).toBe(0);
    expect((await runPromtool(promtool, ["check", "rules", "alerts.yml"])).code).toBe(0);
    const { code, said } = await runPromtool(promtool, ["test", "rules", "alerts.test.yml"]);
    expect([code, said]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  test.each<[string, RegExp, string, string]>([
    ["never fires", EXPRESSION, "expr: vector(0) > 1", "got:[]"],
    ["always fires", EXPRESSION, "expr: vector(1)", "exp:[]"],
    ["fires too late", /for: \d+m/g, "for: 3h", "got:[]"],
    ["fires too soon", /for: \d+m/g, "for: 0m", "exp:[]"],
  ])("each is tested: one that %s is found", async (_fault, pattern, replacement, found) => {
    const folder = await temporaryFolder();
    const alerts = await readFile(join(DEPLOY, "alerts.yml"), "utf8");
    await writeFile(join(folder, "alerts.yml"), alerts.replaceAll(pattern, replacement));
    await writeFile(join(folder, "alerts.test.yml"), await readFile(join(DEPLOY, "alerts.test.yml")));
    const { said } = await runPromtool(promtool, ["test", "rules", "alerts.test.yml"], { cwd: folder });
    const failed = said.split(/\n +name: /).filter((one) => one.includes(found));
    const changed = alerts
      .split(/- alert: /)
      .slice(1)
      .filter((rule) => rule.search(pattern) !== -1)
      .map((rule) => /^\w+/.exec(rule)?.[0]);
    expect(changed.length).toBeGreaterThan(12);
    expect(changed.filter((name) => !failed.some((one) => one.includes(`alertname: ${name},`)))).toEqual([]);
  });
});
