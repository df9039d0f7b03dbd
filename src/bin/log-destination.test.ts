import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LOG_PENDING_BYTES_MAX } from "../core/model/limits.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { LogDestination } from "./log-destination.ts";

const DROPPED = /^dropped (\d+)$/;

/** A pipe that nobody reads until `readAll` is called. */
async function createPipe() {
  const path = join(await temporaryFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // It stays open: a destination goes on for as long as its process, and tries again.
  const writer = openSync(path, constants.O_WRONLY);
  const chunks: Buffer[] = [];
  return {
    writer,
    closeReader: () => closeSync(reader),
    /** All lines that came so far. */
    readAll: (): string[] => {
      const chunk = Buffer.alloc(1_048_576);
      for (;;) {
        try {
          const length = readSync(reader, chunk);
          if (length === 0) break;
          chunks.push(Buffer.from(chunk.subarray(0, length)));
        } catch {
          break; // Nothing more for now.
        }
      }
      return Buffer.concat(chunks).toString().split("\n").slice(0, -1);
    },
  };
}

function openDestination(fd: number): LogDestination {
  return new LogDestination(fd, (count) => `dropped ${count}\n`);
}

test("a pipe that nobody reads stops nobody: lines wait up to the limit, then they are dropped and counted", async () => {
  const { writer, readAll } = await createPipe();
  const destination = openDestination(writer);
  const lines = Array.from({ length: 30_000 }, (_, n) => `${n} ${"ä".repeat(50)}`);
  for (const line of lines) destination.write(`${line}\n`);
  await destination.end(100);

  const received = await waitFor(() => {
    const all = readAll();
    return all.some((line) => DROPPED.test(line)) && all;
  });
  const dropped = received.flatMap((line) => DROPPED.exec(line)?.[1] ?? []).map(Number);
  const kept = received.filter((line) => !DROPPED.test(line));
  // Beside the lines that wait there is what the pipe itself holds.
  expect(Buffer.byteLength(kept.join("\n"))).toBeLessThan(2 * LOG_PENDING_BYTES_MAX + 200_000);
  expect(kept.length).toBeGreaterThan(5_000);
  expect(kept).toEqual(lines.slice(0, kept.length));
  expect(dropped).toEqual([lines.length - kept.length]);

  destination.write("after\n");
  await destination.end(1_000);
  expect(readAll().at(-1)).toBe("after");
});

test("a pipe that is closed, and a disk that is full, stop nobody", async () => {
  const full = openSync("/dev/full", "w");
  const { writer, closeReader } = await createPipe();
  closeReader();
  for (const fd of [full, writer]) {
    const destination = openDestination(fd);
    const started_at = performance.now();
    for (let n = 0; n < 100; n += 1) {
      destination.write("a line\n");
      await turn();
    }
    await destination.end(200);
    expect(performance.now() - started_at).toBeLessThan(2_000);
  }
});

test("a reader that is slow but reads loses no line", async () => {
  const { writer, readAll } = await createPipe();
  const destination = openDestination(writer);
  const lines = Array.from({ length: 50_000 }, (_, n) => `${n} ${"x".repeat(100)}`);
  for (const [n, line] of lines.entries()) {
    destination.write(`${line}\n`);
    if (n % 5_000 === 4_999) await waitFor(() => readAll().length > n);
  }
  expect(readAll()).toEqual(lines);
});
