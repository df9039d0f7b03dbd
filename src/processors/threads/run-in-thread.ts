import type { Processor } from "../sdk/processor.ts";
import type { ThreadPool } from "./thread-pool.ts";

/** The same processor, whose `run` runs in a thread of the pool. `file` has it as its default export. */
export function runInThread(processor: Processor, file: string, pool: ThreadPool): Processor {
  return Object.freeze({
    ...processor,
    run: (input: unknown, context: Parameters<Processor["run"]>[1]) =>
      pool.run({ file, id: processor.id, input, context }),
  });
}
