import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/core/lib/version.ts";
import { runShell } from "../support/run-shell.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import { dataFolder } from "../support/temporary-folder.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Commands that other tests run, as these scripts: here it only counts that the README's name leads there. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "npm start": "exec node bin/iep.js dev --stop-with-parent", // below
  "npm run demo": "exec node bin/iep.js demo", // demo.test.ts
  "npm test": "vitest run", // this suite
};
const OURS_TO_SKIP = [
  "npm ci",
  "npm run verify",
  "npm run verify:long",
  "npm run bench",
  // package.test.ts
  "npm pack",
  `npm install ./innovation-ecosystem-platform-${VERSION}.tgz zod`,
];

let blocks: string[];
let environment: Record<string, string>;

beforeAll(async () => {
  const readme = await readFile(`${REPOSITORY}README.md`, "utf8");
  blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block);
  const cwd = await dataFolder();
  const dev = npmStart(cwd);
  await dev.waitForLine(/^Ready in/);
  const printed = async (label: string): Promise<string> =>
    (await dev.waitForLine(new RegExp(`^ +${label} +(\\S+)$`)))[1] ?? "";
  environment = {
    API: await printed("API"),
    ADMIN: await printed("Admin key"),
    KEY: await printed("Its key"),
    CUSTOMER: await printed("Demo customer"),
    CWD: cwd,
  };
});

test("every shell block of the README works as it stands", async () => {
  const ran: string[] = [];
  const named: string[] = [];
  const scripts: string[] = [];
  const production: string[] = []; // production-readme.test.ts
  for (const block of blocks) {
    if (block.includes("psql -c")) production.push(block);
    else if (block.includes("ADMIN_API_KEY=")) production.push(block);
    else if (block.startsWith("export API=")) named.push(...variablesOf(block));
    else if (linesOf(block).every((line) => line.startsWith("npm "))) scripts.push(...linesOf(block));
    else ran.push(await runShell(block, environment));
  }
  expect(named).toEqual(["API", "ADMIN", "KEY", "CUSTOMER"]);
  expect(await scriptsOf(scripts.filter((line) => !OURS_TO_SKIP.includes(line)))).toEqual(SCRIPTS);
  expect(production).toHaveLength(2);
  expect(ran).toHaveLength(4);
  const [http = "", cli = "", shares = "", money = ""] = ran;
  expect(http).toContain('"status":"pending"');
  expect(http).toContain('"kind":"top_up"');
  expect(http).not.toContain('"code":');
  expect(cli).toContain("Ada Lovelace");
  expect(cli).toMatch(/hello.*world/s);
  expect(cli).not.toContain("BROKEN");
  expect(shares).toMatch(/running limit +20/i);
  expect(money).toContain('"kind":"grant"');
  expect(money).toContain("closing_balance");
  expect(money).not.toContain('"code":');
});

test("README, .env.example and the code know the same environment variables", async () => {
  const [readme, example, code] = await Promise.all(
    ["README.md", ".env.example", "src/bin/config.ts"].map((file) =>
      readFile(`${REPOSITORY}${file}`, "utf8"),
    ),
  );
  const inCode = namesIn(code, /^ {2}([A-Z][A-Z_]+):/gm);
  expect(inCode.length).toBeGreaterThan(10);
  expect(namesIn(example, /^# ([A-Z][A-Z_]+)=/gm)).toEqual(inCode);
  const [, table = ""] = /^\| variable .*\n([^]*?)\n\n/m.exec(readme ?? "") ?? [];
  const cells = table.split("\n").map((row) => row.split("|")[1] ?? "");
  expect(namesIn(cells.join(), /`([A-Z][A-Z_]+)`/g)).toEqual(inCode);
});

test("the curl lines that npm start prints work when they are pasted", async () => {
  const cwd = await dataFolder();
  const dev = npmStart(cwd);
  await dev.waitForLine(/^Ready in/);
  const lines = dev.stdout.filter((line) => line.trimStart().startsWith("curl "));
  expect(lines.length).toBeGreaterThanOrEqual(2);
  const output = await runShell(lines.join("\n"), {});
  expect(output).toContain('"status":"pending"');
  expect(output).toContain('"kind":"top_up"');
});

/** The README's reader has a checkout. */
function npmStart(cwd: string): StartedProcess {
  return startIep(["dev"], { cwd, env: { PORT: "0" }, from: "checkout" });
}

function namesIn(text: string | undefined, pattern: RegExp): string[] {
  return [...(text ?? "").matchAll(pattern)].map(([, name = ""]) => name).toSorted();
}

function variablesOf(block: string): string[] {
  return [...block.matchAll(/^export (\w+)=/gm)].map(([, name = ""]) => name);
}

/** What package.json runs for each `npm …` line. */
async function scriptsOf(lines: readonly string[]): Promise<Record<string, string | undefined>> {
  const text = await readFile(`${REPOSITORY}package.json`, "utf8");
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> };
  return Object.fromEntries(lines.map((line) => [line, scripts[line.replace(/^npm (run )?/, "")]]));
}

function linesOf(block: string): string[] {
  return block.split("\n").filter((line) => line !== "");
}
