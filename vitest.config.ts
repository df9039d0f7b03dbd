import { configDefaults, defineConfig } from "vitest/config";

const MEASURED = "test/speed/**/*.test.ts";
const BROWSER = "test/browser/**/*.test.ts";

export default defineConfig({
  // Our own name leads to `src/`, as in tsconfig.json: tests need no build. The others are those of Node.
  ssr: { resolve: { conditions: ["iep-source", "node", "development|production"] } },
  test: {
    globalSetup: ["test/support/global-setup.ts"],
    // Processes, not threads: tests send signals and change the working directory.
    pool: "forks",
    // More than there are cores: most of the time the tests wait for servers, clocks and processes.
    maxWorkers: 3,
    // A test that hangs ends; what the platform does within a time is measured, by the tests that say so.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        test: {
          name: "whole",
          include: [
            "test/**/*.test.ts",
            "processors/**/*.test.ts",
            "examples/**/*.test.ts",
            "sdk/test/**/*.test.ts",
          ],
          exclude: [...configDefaults.exclude, MEASURED, BROWSER],
        },
      },
      {
        extends: true,
        test: {
          name: "src",
          include: ["src/**/*.test.ts"],
          // Files share their worker's modules: loading the platform anew for each cost 80 s of processor time.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: [BROWSER],
          // A browser is several processes itself, and one test looks at every page.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "speed",
          include: [MEASURED],
          // After all others, one file at a time: what is measured shares the machine with nothing.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
