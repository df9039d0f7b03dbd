import type { KeyChanges } from "../model/key-changes.ts";
import type { KnownOperator, OperatorRepository } from "../model/operator.ts";
import { KeyCache } from "./key-cache.ts";

/** A cache of operators, by the hashes of their keys. */
export type OperatorKeys = KeyCache<KnownOperator>;

export function createOperatorKeys(
  operators: Pick<OperatorRepository, "findByKeys">,
  changes: KeyChanges,
): OperatorKeys {
  return new KeyCache(
    {
      findAll: (hashes) => operators.findByKeys(hashes),
      concerns: (operator, id) => operator.id === id,
    },
    changes,
  );
}
