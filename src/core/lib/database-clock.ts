/**
 * One moment as the database dated it. `asked_at` and `answered_at` are what `performance.now()` said before
 * and after it was asked.
 */
interface Reading {
  readonly database_ms: number;
  readonly asked_at: number;
  readonly answered_at: number;
}

export interface DatabaseClock {
  /** Whether the database has answered. Until then the time is this host's. */
  readonly isKnown: boolean;
  /** The time by the database's clock, in Unix milliseconds. */
  now(): number;
  /** How far the clock of this host is ahead. Undefined until the database has answered. */
  hostAheadMs(): number | undefined;
  read(reading: Reading): void;
}

/**
 * A clock by which all hosts agree, whatever their own say. Between two readings it runs on by a counter that
 * nobody sets.
 */
export function createDatabaseClock(): DatabaseClock {
  /** What is added to `performance.now()`. */
  let offset_ms: number | undefined;
  const now = (): number => (offset_ms === undefined ? Date.now() : performance.now() + offset_ms);
  return {
    now,
    get isKnown() {
      return offset_ms !== undefined;
    },
    hostAheadMs: () => (offset_ms === undefined ? undefined : Date.now() - now()),
    // A reading is exact only to the time that it took. The offset stays as it is while the reading allows it:
    // a slow answer makes no clock jump.
    read({ database_ms, asked_at, answered_at }) {
      const [earliest, latest] = [database_ms - answered_at, database_ms - asked_at];
      offset_ms = Math.min(Math.max(offset_ms ?? (earliest + latest) / 2, earliest), latest);
    },
  };
}

/** The clock of the database that this process works on. */
export const databaseClock = createDatabaseClock();
