/** What a child process can be asked to do. Arguments and results are copied, typed arrays included. */
export type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

export interface Question {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A message from a child: the result of a call, or an event. */
export type News =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly event: unknown };

/**
 * The child's half: it serves calls until the parent is gone or says `bye`. A fault outside of a call ends
 * the process, and with it the run: a bench that goes on after a fault measures something else.
 */
export function serve(methods: Methods): void {
  process.on("message", (question: Question) => void answer(methods, question));
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole process group, but the parent decides when this process ends.
  process.on("SIGINT", () => undefined);
}

export function tell(event: unknown): void {
  // The parent may be gone already.
  process.send?.({ event }, () => undefined);
}

async function answer(methods: Methods, { id, method, args }: Question): Promise<void> {
  try {
    const run = methods[method];
    if (!run) throw new Error(`there is no ${method}`);
    process.send?.({ id, answer: await run(...(args as never[])) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
