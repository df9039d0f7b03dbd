import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findFreePort } from "../../src/local/free-port.ts";
import { startIep } from "../support/processes.ts";
import { runShell } from "../support/run-shell.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GUIDE = fileURLToPath(new URL("../../docs/integrate.md", import.meta.url));
/** Between what two blocks print. */
const MARK = "---- next block ----";
const MINUTES_MAX = 5;

test("the guide works as it stands, block by block in one shell, within its five minutes", async () => {
  const cwd = await temporaryFolder();
  const dev = startIep(["dev"], { cwd, env: { PORT: "0", WEBHOOK_ALLOW_PRIVATE: "true" } });
  await dev.waitForLine(/^Ready in/);
  const printed = async (label: string): Promise<string> =>
    (await dev.waitForLine(new RegExp(`^ +${label} +(\\S+)$`)))[1] ?? "";
  const variables = {
    API: await printed("API"),
    KEY: await printed("Its key"),
    HOOK_PORT: String(await findFreePort()),
    CWD: cwd,
  };

  const guide = await readFile(GUIDE, "utf8");
  const [named = "", ...blocks] = [...guide.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block);
  expect([...named.matchAll(/^export (\w+)=/gm)].map(([, name]) => name)).toEqual([
    "API",
    "KEY",
    "HOOK_PORT",
  ]);
  const began_at = performance.now();
  const output = await runShell(blocks.join(`\necho\necho '${MARK}'\n`), variables);
  expect(performance.now() - began_at).toBeLessThan(MINUTES_MAX * 60_000);

  const said = output.split(MARK).map((part) => part.trim());
  expect(said).toHaveLength(blocks.length);
  const [me, customer, types, type, estimate, job, again, events, ...rest] = said;
  const [secret, receiver, , received, money, wrong, page] = rest;
  expect(JSON.parse(me ?? "")).toMatchObject({ kind: "customer" });
  expect(JSON.parse(types ?? "")).toMatchObject({ data: expect.any(Array) as unknown });
  // What these print is kept in a variable.
  expect([customer, type, secret, receiver]).toEqual(["", "", "", ""]);
  expect(JSON.parse(estimate ?? "")).toMatchObject({ estimated_cost_cents: 5, affordable: true });
  const first = JSON.parse(job ?? "") as { id: string }; // A job, as the next line proves.
  expect(first).toMatchObject({ status: "succeeded", output_data: { words: 4 }, cost_cents: 5 });
  expect(JSON.parse(again ?? "")).toEqual(first);
  expect([...(events ?? "").matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)).toEqual(
    expect.arrayContaining(["queued", "started", "done"]),
  );
  expect(received).toBe("job.finished succeeded 2");
  const entries = (money ?? "").slice((money ?? "").indexOf('{"data"'));
  expect(money).toContain('"current_balance_cents":9990');
  expect(JSON.parse(entries)).toMatchObject({
    data: [{ kind: "charge", amount_cents: -5, balance_after_cents: 9_990 }],
  });
  expect(JSON.parse(wrong ?? "")).toMatchObject({
    code: "input_invalid",
    type: "/docs/errors/input_invalid",
  });
  expect(page).toMatch(/^# input_invalid: .*## What it cost.*## What to do/s);
});
