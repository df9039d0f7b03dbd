import { expect, test } from "vitest";
import { GroupCommit } from "./group-commit.ts";

interface Options {
  readonly batchMax?: number;
  readonly weightMax?: number;
  readonly queueMax?: number;
}

function createGroup(
  options: Options = {},
  run = (items: readonly number[]) => Promise.resolve(items.map((item) => item * 2)),
) {
  const batches: number[][] = [];
  const group = new GroupCommit<number, number>({
    batchMax: 100,
    queueMax: 1_000,
    weigh: (item) => item,
    onFull: () => new Error("full"),
    isolates: () => true,
    ...options,
    run: async (items) => {
      batches.push([...items]);
      return await run(items);
    },
  });
  return { group, batches };
}

test("what comes in one turn shares one batch, and each gets its own answer", async () => {
  const { group, batches } = createGroup();
  expect(await Promise.all([1, 2, 3].map((item) => group.add(item)))).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("many at once get one promise, and each its own end in the order given", async () => {
  const { group, batches } = createGroup({ batchMax: 2, queueMax: 4 }, (items) =>
    items.includes(3) ? Promise.reject(new Error("not 3")) : Promise.resolve(items.map((item) => item * 2)),
  );
  const ends = await group.addAll([4, 3, 1, 4, 2]);
  expect(ends.map((end) => (end.status === "fulfilled" ? end.value : String(end.reason)))).toEqual([
    8,
    "Error: not 3",
    2,
    8,
    "Error: full",
  ]);
  expect(batches).toEqual([[4, 3], [4], [3], [1, 4]]);
  expect(await group.addAll([])).toEqual([]);
  expect(group.size).toBe(0);
});

test("answers wait for what follows their batch; the next batch does not", async () => {
  const batches: number[][] = [];
  let follow = (): void => undefined;
  const group = new GroupCommit<number, number>({
    batchMax: 1,
    queueMax: 10,
    onFull: () => new Error("full"),
    isolates: () => true,
    run: (items, resolveAfter) => {
      batches.push([...items]);
      if (items.includes(1)) resolveAfter(new Promise((resolve) => (follow = resolve)));
      return Promise.resolve(items);
    },
  });
  const answered: number[] = [];
  const first = group.add(1).then((item) => answered.push(item));
  await group.add(2).then((item) => answered.push(item));
  expect(batches).toEqual([[1], [2]]);
  expect(answered).toEqual([2]);
  follow();
  await first;
  expect(answered).toEqual([2, 1]);
});

test("one call is in flight; what comes meanwhile is the next batch", async () => {
  let inFlight = 0;
  let most = 0;
  const { group, batches } = createGroup({}, async (items) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    if (batches.length === 1) later.push(group.add(2), group.add(3));
    await new Promise((resolve) => void setImmediate(resolve));
    inFlight -= 1;
    return [...items];
  });
  const later: Promise<number>[] = [];
  await group.add(1);
  await Promise.all(later);
  expect(batches).toEqual([[1], [2, 3]]);
  expect(most).toBe(1);
});

test("few items do not wait behind a call of few; they do behind one of many", async () => {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const group = new GroupCommit<number, number>({
    batchMax: 100,
    queueMax: 100,
    inFlightMax: 2,
    batchMin: 100,
    lightMax: 2,
    onFull: () => new Error("full"),
    isolates: () => true,
    run: async (items) => {
      batches.push([...items]);
      await new Promise<void>((resolve) => void ends.push(resolve));
      return items;
    },
  });
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const answers = [group.add(1)];
  await turn();
  answers.push(group.add(2), group.add(3));
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
  // Two are in flight, which is the most.
  answers.push(group.add(4));
  await turn();
  expect(batches).toHaveLength(2);
  for (const end of ends.splice(0)) end();
  await turn();
  expect(batches).toEqual([[1], [2, 3], [4]]);
  // Three that wait are worth sharing a call, and while that one is in flight there is load.
  answers.push(...[5, 6, 7].map((item) => group.add(item)));
  await turn();
  expect(batches).toHaveLength(3);
  for (const end of ends.splice(0)) end();
  await turn();
  answers.push(group.add(8));
  await turn();
  expect(batches).toEqual([[1], [2, 3], [4], [5, 6, 7]]);
  for (const end of ends.splice(0)) end();
  await turn();
  for (const end of ends.splice(0)) end();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("what is worth a call of its own does not wait for the one in flight; less than that does", async () => {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const group = new GroupCommit<number, number>({
    batchMax: 3,
    queueMax: 100,
    inFlightMax: 2,
    batchMin: 3,
    onFull: () => new Error("full"),
    isolates: () => true,
    run: async (items) => {
      batches.push([...items]);
      await new Promise<void>((resolve) => void ends.push(resolve));
      return items;
    },
  });
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const answers = [1, 2, 3].map((item) => group.add(item));
  await turn();
  answers.push(...[4, 5].map((item) => group.add(item)));
  await turn();
  expect(batches).toEqual([[1, 2, 3]]);
  answers.push(...[6, 7, 8, 9, 10].map((item) => group.add(item)));
  await turn();
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  ends.shift()?.();
  await turn();
  expect(batches.at(-1)).toEqual([7, 8, 9]);
  // One left: it goes with the last call that ends, and not before.
  ends.shift()?.();
  await turn();
  expect(batches).toHaveLength(3);
  ends.shift()?.();
  await turn();
  expect(batches.at(-1)).toEqual([10]);
  ends.shift()?.();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(group.size).toBe(0);
});

test("a batch is bounded in number and in weight; what is too heavy goes alone", async () => {
  const { group, batches } = createGroup({ batchMax: 2, weightMax: 10 });
  await Promise.all([1, 1, 1, 8, 3, 50, 1].map((item) => group.add(item)));
  expect(batches).toEqual([[1, 1], [1, 8], [3], [50], [1]]);
});

test("one bad item does not fail its neighbours", async () => {
  const { group } = createGroup({}, (items) =>
    items.includes(13) ? Promise.reject(new Error("thirteen")) : Promise.resolve([...items]),
  );
  const answers = await Promise.allSettled([1, 2, 13, 4, 5].map((item) => group.add(item)));
  expect(answers.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});

test("a fault that is no item's fails the batch once, without trying halves", async () => {
  const batches: number[][] = [];
  const strict = new GroupCommit<number, number>({
    batchMax: 10,
    queueMax: 10,
    onFull: () => new Error("full"),
    isolates: () => false,
    run: (items) => {
      batches.push([...items]);
      return Promise.reject(new Error("away"));
    },
  });
  const answers = await Promise.allSettled([1, 2, 3].map((item) => strict.add(item)));
  expect(answers.every(({ status }) => status === "rejected")).toBe(true);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("beyond its bound it refuses instead of growing, and takes again once there is room", async () => {
  const { group } = createGroup({ queueMax: 2 });
  const [first, second, third] = await Promise.allSettled([group.add(1), group.add(2), group.add(3)]);
  expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(await group.add(4)).toBe(8);
  expect(group.size).toBe(0);
});

test("a fault that is no item's also ends those that have lost patience behind it; later ones get their turn", async () => {
  const batches: number[][] = [];
  let fail = (): void => undefined;
  const group = new GroupCommit<number, number>({
    batchMax: 1,
    queueMax: 10,
    patience_ms: 50,
    onFull: () => new Error("full"),
    isolates: () => false,
    run: async (items) => {
      batches.push([...items]);
      if (batches.length > 1) return items;
      return await new Promise((_resolve, reject) => (fail = () => reject(new Error("away"))));
    },
  });
  const first = [1, 2, 3].map((item) => group.add(item));
  await new Promise((resolve) => void setTimeout(resolve, 100));
  const last = group.add(4);
  fail();
  const answers = await Promise.allSettled([...first, last]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  expect(batches).toEqual([[1], [4]]);
  expect(group.size).toBe(0);
});
