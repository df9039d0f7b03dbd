/**
 * How far a reader of arriving jobs has come. Jobs are read in rounds: a round has the jobs of all
 * transactions from `from` to right before `round.below`, of which none runs any more, so nothing can be
 * added to it. Within a round they come by id. ADR 26 says why nothing is skipped or repeated.
 *
 * Transactions are the numbers that PostgreSQL gives them, as text: they have 64 bits.
 */
export interface ArrivalPosition {
  /** The jobs of all earlier transactions were read. `0`: nothing was. */
  readonly from: string;
  /** When all transactions from `from` on began later: their clock in ms. 0: that is not known. */
  readonly since_ms: number;
  /** A moment, and the first transaction after it. It becomes `since_ms` once `from` has reached it. */
  readonly mark: { readonly transaction: string; readonly at_ms: number };
  /** The round that is under way, and the last id that was read of it. */
  readonly round?: { readonly below: string; readonly id: string } | undefined;
}

const NUMBER = "(0|[1-9]\\d{0,18})";
const TIME = "(0|[1-9]\\d{0,14})";
const TEXT = new RegExp(
  `^a1 ${NUMBER} ${TIME} ${NUMBER} ${TIME}(?: ${NUMBER} ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$`,
);

export function writePosition({ from, since_ms, mark, round }: ArrivalPosition): string {
  const open = round ? [round.below, round.id] : [];
  return ["a1", from, since_ms, mark.transaction, mark.at_ms, ...open].join(" ");
}

/** Undefined for a text that `writePosition` did not write. */
export function readPosition(text: string): ArrivalPosition | undefined {
  const [, from, since, transaction, at, below, id] = TEXT.exec(text) ?? [];
  if (from === undefined || transaction === undefined) return undefined;
  return {
    from,
    since_ms: Number(since),
    mark: { transaction, at_ms: Number(at) },
    round: below === undefined || id === undefined ? undefined : { below, id },
  };
}
