/** What a process of ours can be asked to do. Arguments and answers are copied, typed arrays included. */
export type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

export interface Question {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Either an answer to a question, or an event: news that nobody asked for. */
export type News =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly event: unknown };

/**
 * The child's half: answers questions until the parent is gone or says `bye`. Whatever goes wrong outside of a question ends the process, and so
 * the run: a bench that goes on after a fault measures something else.
 */
export function serve(methods: Methods): void {
  process.on("message", (question: Question) => void answer(methods, question));
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole group: the parent decides when we end.
  process.on("SIGINT", () => undefined);
}

export function tell(event: unknown): void {
  // Whoever asked may be gone already.
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
