import type { LogPosition } from "../../core/model/job-log.ts";

/** The position at which a page ended. Opaque to clients, so that its content can change. */
export function encodeCursor(position: string | number): string {
  return Buffer.from(String(position)).toString("base64url");
}

export function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}

const LOG_POSITION = /^([1-9]\d{0,8})\.([1-9]\d{0,8})$/;

/** The position of a line of a job's log. */
export function writeLogPosition({ attempt, seq }: LogPosition): string {
  return `${attempt}.${seq}`;
}

/** Undefined for a text that is none. */
export function readLogPosition(text: string): LogPosition | undefined {
  const [, attempt, seq] = LOG_POSITION.exec(text) ?? [];
  return attempt === undefined ? undefined : { attempt: Number(attempt), seq: Number(seq) };
}

/** A page of `rows`. The query asks for one row more than `limit`: if it is there, there is a next page. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => string | number,
): { data: Row[]; next_cursor: string | null } {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, next_cursor: last && rows.length > limit ? encodeCursor(positionOf(last)) : null };
}
