import type { FieldError } from "../field-error.ts";
import { escapePointer } from "../json.ts";
import type { Resource } from "./schema-document.ts";

/** A schema, ready to be run. */
export interface Node {
  readonly resource: Resource;
  readonly checks: Check[];
  /** Whether it is `false`. */
  readonly isFalse: boolean;
  /** Whether it has an `unevaluated…` keyword: then it has marks of its own. */
  marks: boolean;
}

/** One keyword. Returns whether the value passes; tells `run` of what is wrong. */
export type Check = (value: unknown, run: Run, marks: Marks | undefined) => boolean;

/** Which members of one value some keyword has looked at: what `unevaluated…` goes by. */
export class Marks {
  readonly names = new Set<string>();
  readonly indices = new Set<number>();
  allNames = false;
  /** Items before it are marked. */
  itemsBelow = 0;

  add(other: Marks): void {
    for (const name of other.names) this.names.add(name);
    for (const index of other.indices) this.indices.add(index);
    this.allNames ||= other.allNames;
    this.itemsBelow = Math.max(this.itemsBelow, other.itemsBelow);
  }
}

/** The check would take more steps than it was given. */
export class OutOfSteps extends Error {
  override readonly name = "OutOfSteps";
}

/** The schema refers to itself without end, or deeper than the stack allows. */
export class TooDeep extends Error {
  override readonly name = "TooDeep";
}

/** Schemas within schemas that one check may be inside of. Each takes a few frames of the stack. */
const DEPTH_MAX = 600;
/** Steps after which results are remembered. Shorter checks do not pay for it. */
const MEMO_AFTER_STEPS = 5_000;

/** One check of one input. */
export class Run {
  readonly errors: FieldError[] = [];
  readonly scope: Resource[] = [];
  /** Above 0 while it is tried whether a value matches: what is wrong is then no error. */
  quiet = 0;
  readonly #budget: { steps: number };
  readonly #errorsMax: number;
  readonly #path: (string | number)[] = [];
  readonly #open: { readonly node: Node; readonly level: number }[] = [];
  readonly #passed = new Map<Node, Set<unknown>>();
  readonly #failed = new Map<Node, Set<unknown>>();
  #depth = 0;
  #taken = 0;

  /** Takes its steps from `budget`, which several runs may share. */
  constructor(budget: { steps: number }, errorsMax: number) {
    this.#budget = budget;
    this.#errorsMax = errorsMax;
  }

  /** Whether it must end by itself: nobody can end it from outside. */
  get isBounded(): boolean {
    return this.#budget.steps !== Infinity;
  }

  /** Steps that may still be taken. */
  get left(): number {
    return this.#budget.steps;
  }

  get isFull(): boolean {
    return this.quiet > 0 || this.errors.length >= this.#errorsMax;
  }

  take(steps: number): void {
    this.#taken += steps;
    this.#budget.steps -= steps;
    if (this.#budget.steps <= 0) throw new OutOfSteps();
  }

  fail(message: string): false {
    if (!this.isFull) {
      const pointer = this.#path.map((token) => `/${escapePointer(String(token))}`).join("");
      this.errors.push({ pointer, message });
    }
    return false;
  }

  /** Whether the value passes a schema that stands at the same place. */
  matches(node: Node, value: unknown, marks: Marks | undefined): boolean {
    this.take(1);
    if (this.#depth >= DEPTH_MAX) throw new TooDeep();
    this.#depth += 1;
    const isNewScope = this.scope.at(-1) !== node.resource;
    if (isNewScope) this.scope.push(node.resource);
    const own = node.marks ? new Marks() : marks;
    let passes = true;
    for (const check of node.checks) {
      if (check(value, this, own)) continue;
      passes = false;
      if (this.isFull) break;
    }
    if (passes && node.marks && own !== undefined) marks?.add(own);
    if (isNewScope) this.scope.pop();
    this.#depth -= 1;
    return passes;
  }

  /** `matches` without a word of what is wrong. Marks are added only when it does. */
  tries(node: Node, value: unknown, marks: Marks | undefined): boolean {
    this.quiet += 1;
    const own = marks === undefined ? undefined : new Marks();
    const passes = this.matches(node, value, own);
    if (passes && own !== undefined) marks?.add(own);
    this.quiet -= 1;
    return passes;
  }

  /** The schema with this `$dynamicAnchor` in the outermost schema resource that has one. */
  outermost(dynamicAnchor: string): Node | undefined {
    return this.scope
      .find(({ dynamicNodes }) => dynamicNodes.has(dynamicAnchor))
      ?.dynamicNodes.get(dynamicAnchor);
  }

  /** `matches` of a member. */
  matchesAt(token: string | number, node: Node, value: unknown): boolean {
    this.#path.push(token);
    const passes = this.matches(node, value, undefined);
    this.#path.pop();
    return passes;
  }

  /**
   * `matches` of what a reference leads to. A schema that comes back to itself at the same place demands
   * nothing more. In a long check results are remembered where they depend on the value alone: references
   * that branch again and again would otherwise take exponential time.
   */
  matchesReferred(node: Node, value: unknown, marks: Marks | undefined, isFixed: boolean): boolean {
    const level = this.#path.length;
    for (let n = this.#open.length - 1; n >= 0; n -= 1) {
      const open = this.#open[n];
      if (open === undefined || open.level !== level) break;
      if (open.node === node) return true;
    }
    const remembers = isFixed && marks === undefined && this.#taken > MEMO_AFTER_STEPS;
    if (remembers) {
      if (this.#passed.get(node)?.has(value) === true) return true;
      if (this.quiet > 0 && this.#failed.get(node)?.has(value) === true) return false;
    }
    this.#open.push({ node, level });
    const passes = this.matches(node, value, marks);
    this.#open.pop();
    if (remembers) remember(passes ? this.#passed : this.#failed, node, value);
    return passes;
  }
}

function remember(results: Map<Node, Set<unknown>>, node: Node, value: unknown): void {
  const values = results.get(node) ?? new Set();
  results.set(node, values.add(value));
}
