import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { findOnPath } from "../support/find-program.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { waitFor } from "../support/wait-for.ts";

// `iep top` in a pseudo-terminal, by util-linux' script(1).

const script = await findOnPath(["script"]);
const TAKE = "\u001b[?1049h";
const RESTORE = "\u001b[?7h\u001b[?25h\u001b[?1049l";

/** Runs it in a terminal of 70 columns and 20 rows, and prints the terminal's settings when it has ended. */
async function startTop(noColor = "") {
  const iep = join(inject("packageFolder"), "bin/iep.js");
  const command = `stty cols 70 rows 20; echo pid $$; '${process.execPath}' '${iep}' top --every 1; echo "ended $?"; stty -a`;
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      TERM: "xterm",
      SHELL: "/bin/sh",
      NO_COLOR: noColor,
      DATABASE_URL: (await createTestDatabase()).url,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  atTheEnd(() => Promise.resolve(child.kill("SIGKILL")));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const until = (part: string) =>
    waitFor(() => text.includes(part), { timeoutMs: PATIENCE_MS, describe: () => `${part} in ${text}` });
  return { child, until, written: () => text };
}

test.skipIf(script === undefined).each(["q", "\u0003"])(
  "a real terminal is drawn on, and is as it was after %j",
  async (key) => {
    const top = await startTop();
    await top.until("No runner is alive");
    expect(top.written()).toContain(TAKE);
    expect(top.written()).toContain("\u001b[31;1mBAD");
    top.child.stdin.write(key);
    await top.until("ended 0");
    await waitFor(() => / icanon/.test(top.written()), { describe: "the settings of the terminal" });
    expect(top.written()).toContain(RESTORE);
    expect(top.written()).toMatch(/ icanon/);
    expect(top.written()).toMatch(/ echo /);
    expect(top.written()).toContain("rows 20; columns 70");
  },
);

test.skipIf(script === undefined)("a signal gives the terminal back, and NO_COLOR is heard", async () => {
  const top = await startTop("1");
  await top.until("No runner is alive");
  expect(top.written()).not.toContain("\u001b[31;1m");
  const shell = Number(/pid (\d+)/.exec(top.written())?.[1]);
  const { execFileSync } = await import("node:child_process");
  const pid = Number(execFileSync("pgrep", ["-P", String(shell)]).toString());
  process.kill(pid, "SIGTERM");
  await top.until("ended 0");
  expect(top.written()).toContain(RESTORE);
});
