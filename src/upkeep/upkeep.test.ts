import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.ts";
import { startUpkeep } from "./upkeep.ts";

const log = pino({ level: "silent" });
/** A task that is due again only after the test has timed out. */
const SELDOM_MS = 60_000;

test("stopped while a task runs, it waits for that round, and not for the time of the next", async () => {
  const [begun, round] = [createGate(), createGate()];
  let stopped = false;
  const upkeep = start(SELDOM_MS, async () => {
    begun.open();
    await round.opened;
    return true;
  });
  await begun.opened;
  const stopping = upkeep.stop().then(() => (stopped = true));
  await nextTurn();
  expect(stopped).toBe(false);
  round.open();
  await stopping;
});

test("stopped between two rounds, it ends at once", async () => {
  let rounds = 0;
  const begun = createGate();
  const upkeep = start(SELDOM_MS, async () => {
    rounds += 1;
    begun.open();
    return await Promise.resolve(false);
  });
  await begun.opened;
  await nextTurn();
  await upkeep.stop();
  expect(rounds).toBe(1);
});

test("rounds of tasks take turns, also those that follow one another, and a task without turns holds up none", async () => {
  const [hung, ended] = [createGate(), createGate()];
  const order: string[] = [];
  let underWay = 0;
  const counted = (name: string) => ({
    name,
    every_ms: SELDOM_MS,
    async runOnce() {
      underWay += 1;
      expect(underWay).toBe(1);
      await nextTurn();
      underWay -= 1;
      order.push(name);
      if (order.length === 6) ended.open();
      return order.filter((one) => one === name).length < 3;
    },
  });
  const hangs = {
    name: "hangs",
    every_ms: SELDOM_MS,
    takesNoTurns: true as const,
    runOnce: () => hung.opened.then(() => false),
  };
  const upkeep = startUpkeep([hangs, counted("a"), counted("b")], log);
  await ended.opened;
  hung.open();
  await upkeep.stop();
  expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
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
