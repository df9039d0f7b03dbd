import { text } from "node:stream/consumers";
import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import { STATEMENTS_MAX, STATEMENTS_PER_CUSTOMER_MAX } from "../../../core/model/limits.ts";
import { StatementSlots } from "./statement-slots.ts";

async function* pages(count = 3, onPage?: (n: number) => Promise<void>): AsyncGenerator<string> {
  for (let n = 0; n < count; n += 1) {
    await onPage?.(n);
    yield `${n}\n`;
  }
}

const limited = expect.objectContaining({ code: "rate_limited", retryable: true });

test("a customer has a few at a time, and a place again when one is read or hung up", async () => {
  const slots = new StatementSlots();
  const open = Array.from({ length: STATEMENTS_PER_CUSTOMER_MAX }, () => slots.stream("a", pages()));
  expect(() => slots.stream("a", pages())).toThrow(limited);
  expect(await text(slots.stream("b", pages()))).toBe("0\n1\n2\n");
  const [first, second, ...others] = open;
  expect(first && (await text(first))).toBe("0\n1\n2\n");
  second?.destroy();
  await nextRound();
  const next = [slots.stream("a", pages()), slots.stream("a", pages())];
  expect(() => slots.stream("a", pages())).toThrow(limited);
  for (const stream of [...others, ...next]) await text(stream);
});

test("a place is free again after a statement that failed, once", async () => {
  const slots = new StatementSlots();
  for (let n = 0; n < STATEMENTS_PER_CUSTOMER_MAX * 2; n += 1) {
    const failing = slots.stream(
      "a",
      pages(2, () => Promise.reject(new Error("away"))),
    );
    await expect(text(failing)).rejects.toThrow("away");
  }
  const open = Array.from({ length: STATEMENTS_PER_CUSTOMER_MAX }, () => slots.stream("a", pages()));
  expect(() => slots.stream("a", pages())).toThrow(limited);
  for (const stream of open) stream.destroy();
});

test("the process has a bounded number, whoever asks", () => {
  const slots = new StatementSlots();
  const open = Array.from({ length: STATEMENTS_MAX }, (_, n) => slots.stream(`customer ${n}`, pages()));
  expect(() => slots.stream("one more", pages())).toThrow(limited);
  for (const stream of open) stream.destroy();
});

test("all of them together read one page at a time", async () => {
  const slots = new StatementSlots();
  let reading = 0;
  let most = 0;
  const onPage = async (): Promise<void> => {
    reading += 1;
    most = Math.max(most, reading);
    await nextRound();
    reading -= 1;
  };
  const all = ["a", "b", "c"].map((owner) => text(slots.stream(owner, pages(5, onPage))));
  expect(await Promise.all(all)).toEqual(["a", "b", "c"].map(() => "0\n1\n2\n3\n4\n"));
  expect(most).toBe(1);
});
