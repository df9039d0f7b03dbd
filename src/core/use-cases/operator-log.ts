import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { ACTIONS_BATCH_MAX, ACTIONS_WAITING_MAX } from "../model/limits.ts";
import type { BegunAction, EndedAction, OperatorActionRepository } from "../model/operator-action.ts";

/**
 * Stores actions of operators: before each is done, and again when it was. So none goes unrecorded, whenever this
 * process dies. Those of requests at the same time share a round trip.
 */
export interface OperatorLog {
  /** Before it is done. Where this throws, it must not be done. */
  begin(action: BegunAction): Promise<void>;
  /** It was done. */
  end(action: EndedAction): Promise<void>;
  /** It was refused, and has changed nothing. */
  drop(id: string): Promise<void>;
}

type Rows = Pick<OperatorActionRepository, "beginAll" | "endAll" | "dropAll">;

export function createOperatorLog(actions: Rows): OperatorLog {
  const begun = together<BegunAction>((batch) => actions.beginAll(batch));
  const ended = together<EndedAction>((batch) => actions.endAll(batch));
  const dropped = together<string>((batch) => actions.dropAll(batch));
  return {
    begin: (action) => begun.add(action),
    end: (action) => ended.add(action),
    drop: (id) => dropped.add(id),
  };
}

function together<Item>(write: (batch: readonly Item[]) => Promise<void>): GroupCommit<Item, void> {
  return new GroupCommit<Item, void>({
    run: async (batch) => {
      await write(batch);
      return batch.map(() => undefined);
    },
    batchMax: ACTIONS_BATCH_MAX,
    queueMax: ACTIONS_WAITING_MAX,
    onFull: () => new PlatformError("unavailable", "Too many actions are waiting for the database."),
    isolates: () => false,
  });
}
