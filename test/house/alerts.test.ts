import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = async (path: string): Promise<string> =>
  await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** The sections of the runbook that say what an alert means, how to see it, and what to do. */
function sectionsOf(guide: string): string[] {
  const [, alerts = ""] = guide.split("\n## Alerts\n");
  return alerts
    .split("\n### ")
    .slice(1)
    .filter((section) => section.includes("\n- **See**: ") && section.includes("\n- **Do**: "))
    .map((section) => section.split("\n")[0] ?? "");
}

test("each alert leads to its section of the runbook, and each section is of an alert", async () => {
  const rules = await file("deploy/prometheus/alerts.yml");
  const alerts = [...rules.matchAll(/- alert: (\w+)$/gm)].map(([, name = ""]) => name);
  expect(alerts.length).toBeGreaterThan(12);
  const links = [...rules.matchAll(/runbook_url: (\S+)$/gm)].map(([, link]) => link);
  expect(links).toEqual(alerts.map((name) => `docs/operating.md#${name.toLowerCase()}`));
  expect(sectionsOf(await file("docs/operating.md"))).toEqual(alerts);
});

test("a section that says not what to do is none", () => {
  const guide = "# G\n\n## Alerts\n\n### A\n\nIt.\n\n- **See**: x\n- **Do**: y\n\n### B\n\n- **See**: x\n";
  expect(sectionsOf(guide)).toEqual(["A"]);
});
