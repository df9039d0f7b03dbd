import { z } from "zod";

const State = z.enum(["ok", "unavailable"]);

/** The servers that `GET /readyz` checks. Also a member of its problem when the database is unavailable. */
export const Checks = z.strictObject({ database: State, ready_queue: State });
export type Checks = z.output<typeof Checks>;
