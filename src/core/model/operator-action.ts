import type { Page } from "./page.ts";

/** What the log shows of a value: bounded, and without secrets. */
export type ShownInLog = Readonly<Record<string, unknown>>;

/** What an operator did by the API. It never changes. */
export interface OperatorAction {
  readonly id: string;
  readonly at: string;
  /** Null for the admin key. */
  readonly operator_id: string | null;
  readonly operator_name: string;
  /** The `operationId` of the route. */
  readonly action: string;
  /** The noun of the path, such as `customer`. */
  readonly target_type: string;
  readonly target_id: string | null;
  /** What it was before; null where nothing was, or nothing is shown. */
  readonly before: ShownInLog | null;
  /** What the request returned. */
  readonly after: ShownInLog | null;
  readonly address: string;
  readonly request_id: string;
}

export type NewOperatorAction = Omit<OperatorAction, "at">;

export interface OperatorActionsPage extends Page {
  readonly operator_name?: string | undefined;
  readonly action?: string | undefined;
  readonly target_type?: string | undefined;
  readonly target_id?: string | undefined;
  /** At this time or later. */
  readonly from?: string | undefined;
  /** Before this time. */
  readonly to?: string | undefined;
}

/** Where the actions of operators are kept. */
export interface OperatorActionRepository {
  addAll(actions: readonly NewOperatorAction[]): Promise<void>;
  /** Newest first. */
  list(page: OperatorActionsPage): Promise<OperatorAction[]>;
}
