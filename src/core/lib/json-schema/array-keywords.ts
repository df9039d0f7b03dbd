import { canonicalTextOf } from "./canonical-text.ts";
import type { Keyword, Parts } from "./keyword.ts";
import type { Check, Node, Run } from "./run.ts";

function ofArray(check: (all: readonly unknown[], run: Run, marks: Parameters<Check>[2]) => boolean): Check {
  return (value, run, marks) => !Array.isArray(value) || check(value, run, marks);
}

function uniqueItems(all: readonly unknown[], run: Run): boolean {
  const scalars = new Map<unknown, number>();
  const others = new Map<string, number>();
  for (const [index, item] of all.entries()) {
    run.take(1);
    const text = typeof item === "object" && item !== null ? canonicalTextOf(item, run) : undefined;
    const earlier = text === undefined ? scalars.get(item) : others.get(text);
    if (earlier !== undefined) {
      return run.fail(`must NOT have duplicate items (items ${earlier} and ${index} are identical)`);
    }
    if (text === undefined) scalars.set(item, index);
    else others.set(text, index);
  }
  return true;
}

function prefixItems(schemas: unknown, { compile }: Parts): Check {
  // `checkForms` has seen that it is an array of schemas.
  const nodes = (schemas as readonly unknown[]).map(compile);
  return ofArray((all, run, marks) => {
    if (marks) marks.itemsBelow = Math.max(marks.itemsBelow, Math.min(nodes.length, all.length));
    return eachItem(all.slice(0, nodes.length), 0, (index) => nodes[index], run);
  });
}

function items(schema: unknown, { compile, schema: around }: Parts): Check {
  const node = compile(schema);
  const prefix = around["prefixItems"];
  const start = Array.isArray(prefix) ? prefix.length : 0;
  return ofArray((all, run, marks) => {
    if (marks) marks.itemsBelow = Math.max(marks.itemsBelow, all.length);
    return eachItem(all, start, () => node, run);
  });
}

function eachItem(
  all: readonly unknown[],
  start: number,
  nodeOf: (index: number) => Node | undefined,
  run: Run,
): boolean {
  let passes = true;
  for (let index = start; index < all.length; index += 1) {
    const node = nodeOf(index);
    if (node === undefined || run.matchesAt(index, node, all[index])) continue;
    passes = false;
    if (run.isFull) break;
  }
  return passes;
}

function contains(schema: unknown, { compile, schema: around }: Parts): Check {
  const node = compile(schema);
  const min = around["minContains"] === undefined ? 1 : Number(around["minContains"]);
  const max = around["maxContains"] === undefined ? Infinity : Number(around["maxContains"]);
  const message =
    max === Infinity
      ? `must contain at least ${min} valid item(s)`
      : `must contain at least ${min} and no more than ${max} valid item(s)`;
  return ofArray((all, run, marks) => {
    let found = 0;
    for (const [index, item] of all.entries()) {
      if (!run.tries(node, item, undefined)) continue;
      found += 1;
      marks?.indices.add(index);
      if (found > max) return run.fail(message);
      if (found >= min && max === Infinity && !marks) return true;
    }
    return found >= min || run.fail(message);
  });
}

function unevaluatedItems(schema: unknown, { compile }: Parts): Check {
  const node = compile(schema);
  return ofArray((all, run, marks) => {
    if (!marks) return true;
    let passes = true;
    for (let index = marks.itemsBelow; index < all.length; index += 1) {
      if (marks.indices.has(index) || run.matchesAt(index, node, all[index])) continue;
      passes = false;
      if (run.isFull) break;
    }
    marks.itemsBelow = all.length;
    return passes;
  });
}

/** Keywords that look at an array. */
export const ARRAY_KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  [
    "maxItems",
    (max) =>
      ofArray(
        (all, run) => all.length <= Number(max) || run.fail(`must NOT have more than ${String(max)} items`),
      ),
  ],
  [
    "minItems",
    (min) =>
      ofArray(
        (all, run) => all.length >= Number(min) || run.fail(`must NOT have fewer than ${String(min)} items`),
      ),
  ],
  ["uniqueItems", (wanted) => (wanted === true ? ofArray(uniqueItems) : undefined)],
  ["prefixItems", prefixItems],
  ["items", items],
  ["contains", contains],
  ["unevaluatedItems", unevaluatedItems],
]);
