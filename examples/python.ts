import { spawnSync } from "node:child_process";

/**
 * True on a developer's machine without Python 3: the tests of the Python example are skipped there. In CI they always
 * run, so that a machine of ours that has lost its Python fails.
 */
export const lacksPython =
  process.env["CI"] === undefined && spawnSync("python3", ["--version"]).status !== 0;
