import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

const [POLL_MIN_MS, POLL_MAX_MS] = [10, 100];

interface WaitOptions {
  readonly timeoutMs?: number;
  /** What is waited for, for the message: "the job to end". */
  readonly describe?: string | (() => string);
}

type Truthy<T> = Exclude<NonNullable<T>, false | 0 | "">;

/**
 * Asks until the answer is truthy, and answers that: every 10 ms at first, then after a twentieth of what it has
 * waited, at most 100 ms. A long wait takes little from what is waited for. A fact that throws is not there yet.
 * Throws after `timeoutMs` with what was waited for and the last answer.
 */
export async function waitFor<T>(fact: () => T | Promise<T>, options: WaitOptions = {}): Promise<Truthy<T>> {
  const { timeoutMs = 10_000, describe = "the fact" } = options;
  const asked_at = performance.now();
  const deadline = asked_at + timeoutMs;
  let last: unknown = "no answer";
  while (performance.now() < deadline) {
    const answer = await answerBefore(deadline, fact);
    // Truthy, as just seen: the compiler narrows a generic type no further than NonNullable.
    if (answer.value) return answer.value as Truthy<T>;
    last = answer.error ?? answer.value;
    await pause(Math.min(Math.max(POLL_MIN_MS, (performance.now() - asked_at) / 20), POLL_MAX_MS));
  }
  const what = typeof describe === "string" ? describe : describe();
  throw new Error(`waited ${timeoutMs} ms for ${what}; the last answer was ${inspect(last)}`);
}

interface Answer<T> {
  readonly value?: T | undefined;
  readonly error?: unknown;
}

async function answerBefore<T>(deadline: number, fact: () => T | Promise<T>): Promise<Answer<T>> {
  const patience = new AbortController();
  const remaining = Math.max(0, deadline - performance.now());
  try {
    const ask = async (): Promise<Answer<T>> => ({ value: await fact() });
    const giveUp = pause(remaining, { error: "no answer in time" }, { signal: patience.signal });
    return await Promise.race([ask(), giveUp]);
  } catch (error) {
    return { error };
  } finally {
    patience.abort();
  }
}
