/** One page of a list that is newest first. */
export interface Page<Cursor = string> {
  readonly limit: number;
  /** The cursor of the last row of the page before; most often its id. */
  readonly before?: Cursor | undefined;
}
