import { AsyncLocalStorage } from "node:async_hooks";

/** Whose code runs: an attempt in the runner's own thread, and all that it left behind. */
export interface AttemptScope {
  readonly job_id: string;
  readonly job_type_id: string;
  readonly attempt: number;
  /** The module of its processor. */
  readonly file: string | undefined;
  /** Tells the attempt to stop. Undefined once it has ended: a timer that it forgot keeps this object only. */
  interrupter: { interrupt(reason: Error): void } | undefined;
  /** Errors of it that nobody caught: a timer that nobody stops may throw for ever. */
  uncaught: number;
}

/** Code of a processor's module that belongs to no attempt: what it started when it was loaded. */
export const MODULE_SCOPE = "module";

export type CodeScope = AttemptScope | typeof MODULE_SCOPE;

const storage = new AsyncLocalStorage<CodeScope>();
const live = new Set<AttemptScope>();

/** Of the attempts that have not ended, in the order of their start. */
export const liveScopes: ReadonlySet<AttemptScope> = live;

/** Whose code runs now; undefined: nobody's but ours. */
export function currentScope(): CodeScope | undefined {
  return storage.getStore();
}

/** Runs work of a processor. What it starts, timers and promises and sockets, belongs to the scope for ever. */
export function runInScope<Args extends unknown[], Result>(
  scope: CodeScope | undefined,
  work: (...args: Args) => Result,
  ...args: Args
): Result {
  return scope === undefined ? work(...args) : storage.run(scope, work, ...args);
}

export function openScope(scope: AttemptScope): AttemptScope {
  live.add(scope);
  return scope;
}

/** From now on nothing that the attempt left behind changes how it ended. */
export function closeScope(scope: AttemptScope): void {
  live.delete(scope);
  scope.interrupter = undefined;
}
