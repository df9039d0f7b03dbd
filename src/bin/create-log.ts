import { hostname } from "node:os";
import { pino, type Logger } from "pino";
import { errorForLog } from "../core/lib/error-for-log.ts";
import { LogDestination } from "./log-destination.ts";

/** How long a slow reader may take the last lines of a process that ends. */
const END_MS = 250;

export interface ProcessLog {
  readonly log: Logger;
  /** Prints text for a person, in order with the log and to the same target. */
  readonly print: (text: string) => void;
  /** Call it before the process ends. */
  readonly end: () => Promise<void>;
}

interface Options {
  readonly level: string;
  readonly fd: 1 | 2;
  /** Lines for people instead of JSON. */
  readonly readable: boolean;
}

/**
 * Creates the log of a process that goes on. Its target may be full, closed or stalled: lines are then dropped, and
 * the process goes on.
 */
export async function createLog({ level, fd, readable }: Options): Promise<ProcessLog> {
  // Loaded only where a person looks on.
  const format = readable
    ? (await import("./readable-lines.ts")).readableLines(fd)
    : (line: string): string => line;
  const destination = new LogDestination(fd, (count) => format(`${droppedLine(count)}\n`));
  const log = pino(
    { level, serializers: { err: errorForLog } },
    { write: (line) => destination.write(format(line)) },
  );
  return {
    log,
    print: (text) => destination.write(`${text}\n`),
    end: () => destination.end(END_MS),
  };
}

/** In pino's form. It does not come from pino, because whoever sets the level must not lose it. */
function droppedLine(count: number): string {
  const msg = `${count} lines were dropped: the target of the log took nothing`;
  const level = pino.levels.values["warn"];
  return JSON.stringify({
    level,
    time: Date.now(),
    pid: process.pid,
    hostname: hostname(),
    dropped: count,
    msg,
  });
}
