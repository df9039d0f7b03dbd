import type { Page } from "./page.ts";
import { PlatformError } from "../lib/errors.ts";

/** What operators may do: see `NEEDED_ROLES`. Each may read; an admin may do everything. */
export const OPERATOR_ROLES = ["viewer", "operator", "finance", "admin"] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Names under which others than operators post entries. */
export const RESERVED_NAMES: readonly string[] = ["admin", "cli", "system"];

/** An operator, as the look-up of a request finds it. */
export interface KnownOperator {
  readonly id: string;
  readonly name: string;
  readonly role: OperatorRole;
}

/** An operator as it may be shown. The key itself is returned once, when the operator is created. */
export interface Operator extends KnownOperator {
  /** The key of an inactive operator is refused until it is active again. */
  readonly active: boolean;
  readonly prefix: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export interface NewOperator extends KnownOperator {
  readonly prefix: string;
  /** `sha256:<hex>` of the key: all that is kept of it. */
  readonly key_hash: string;
}

export interface OperatorChanges {
  readonly role?: OperatorRole | undefined;
  readonly active?: boolean | undefined;
}

/** Where operators and the hashes of their keys live. */
export interface OperatorRepository {
  /** Throws `name_taken` when the name is reserved, or another operator who is not revoked has it. */
  create(operator: NewOperator): Promise<Operator>;
  findById(id: string): Promise<Operator | undefined>;
  /** The operators of these hashes, in order, who are active and not revoked. Records the use, to the minute. */
  findByKeys(hashes: readonly string[]): Promise<(KnownOperator | undefined)[]>;
  /** Newest first, revoked ones too. */
  list(page: Page): Promise<Operator[]>;
  /** Returns the changed operator; undefined when there is none, or its key is revoked. */
  update(id: string, changes: OperatorChanges): Promise<Operator | undefined>;
  /** Returns true when there is such an operator. One that was revoked before stays revoked. */
  revoke(id: string): Promise<boolean>;
}

export function operatorNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no operator ${id}, or the key was revoked.`);
}
