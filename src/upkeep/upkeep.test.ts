import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.ts";
import { startUpkeep } from "./upkeep.ts";

const log = pino({ level: "silent" });
/** A task that is due again only after the test has timed out. */
const SELDOM_MS = 60_000;

test("stopped while a task runs, it waits for that round, and not for the time of the next", async () => {
  const round = createGate();
  let stopped = false;
  const upkeep = start(SELDOM_MS, async () => {
    await round.opened;
    return true;
  });
  const stopping = upkeep.stop().then(() => (stopped = true));
  await nextTurn();
  expect(stopped).toBe(false);
  round.open();
  await stopping;
});

test("stopped between two rounds, it ends at once", async () => {
  let rounds = 0;
  const upkeep = start(SELDOM_MS, async () => {
    rounds += 1;
    return await Promise.resolve(false);
  });
  await nextTurn();
  await upkeep.stop();
  expect(rounds).toBe(1);
});

test("a full batch means go again at once; a round that fails does not end the task", async () => {
  const answers = [true, true, new Error("away"), false];
  const ended = createGate();
  let rounds = 0;
  const upkeep = start(1, async () => {
    const answer = await Promise.resolve(answers[rounds]);
    rounds += 1;
    if (answer instanceof Error) throw answer;
    if (answer === false) ended.open();
    return answer ?? false;
  });
  await ended.opened;
  await upkeep.stop();
  expect(rounds).toBe(answers.length);
});

test("a task that can wait begins within its interval, and a stop does not wait for it", async () => {
  const begun = createGate();
  const waiting = (every_ms: number) =>
    startUpkeep(
      [
        {
          name: "task",
          every_ms,
          canWait: true,
          runOnce: async () => {
            begun.open();
            return await Promise.resolve(false);
          },
        },
      ],
      log,
    );
  const soon = waiting(20);
  await begun.opened;
  await soon.stop();

  let rounds = 0;
  const never = startUpkeep(
    Array.from({ length: 20 }, () => ({
      name: "task",
      every_ms: SELDOM_MS,
      canWait: true as const,
      runOnce: async () => {
        rounds += 1;
        return await Promise.resolve(false);
      },
    })),
    log,
  );
  await nextTurn();
  await never.stop();
  expect(rounds).toBeLessThan(20);
});

function start(every_ms: number, runOnce: () => Promise<boolean>): { stop(): Promise<void> } {
  return startUpkeep([{ name: "task", every_ms, runOnce }], log);
}
