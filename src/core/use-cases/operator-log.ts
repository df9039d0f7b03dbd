import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { ACTIONS_BATCH_MAX, ACTIONS_WAITING_MAX } from "../model/limits.ts";
import type { NewOperatorAction, OperatorActionRepository } from "../model/operator-action.ts";

/** Stores actions of operators. Those of requests at the same time share a round trip. */
export type OperatorLog = (action: NewOperatorAction) => Promise<void>;

export function createOperatorLog(actions: Pick<OperatorActionRepository, "addAll">): OperatorLog {
  const writes = new GroupCommit<NewOperatorAction, void>({
    run: async (batch) => {
      await actions.addAll(batch);
      return batch.map(() => undefined);
    },
    batchMax: ACTIONS_BATCH_MAX,
    queueMax: ACTIONS_WAITING_MAX,
    onFull: () => new PlatformError("unavailable", "Too many actions are waiting for the database."),
    isolates: () => false,
  });
  return (action) => writes.add(action);
}
