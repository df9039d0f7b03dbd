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
  /** What the request returned, or why that is not known. */
  readonly after: ShownInLog | null;
  readonly address: string;
  readonly request_id: string;
}

/** An action that is about to be done. */
export type BegunAction = Omit<OperatorAction, "at" | "after">;

/** An action that was begun and done. */
export interface EndedAction extends Pick<OperatorAction, "id" | "after"> {
  /** What it created; what it was begun with wins. */
  readonly target_id: string | null;
}

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
  beginAll(actions: readonly BegunAction[]): Promise<void>;
  /** Puts begun actions on the list. */
  endAll(actions: readonly EndedAction[]): Promise<void>;
  /** Forgets begun actions that were refused. */
  dropAll(ids: readonly string[]): Promise<void>;
  /**
   * Puts actions on the list that were begun `age_ms` ago and never ended: the process died, and nobody knows
   * whether they were done. The entry says so. Returns how many.
   */
  endForgotten(age_ms: number): Promise<number>;
  /** Newest first. */
  list(page: OperatorActionsPage): Promise<OperatorAction[]>;
}
