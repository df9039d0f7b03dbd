import { z } from "zod";

const State = z.enum(["ok", "unavailable"]);

/** What `GET /readyz` looked at. Also a member of its problem when one of them is away. */
export const Checks = z.strictObject({ database: State, ready_queue: State });
export type Checks = z.output<typeof Checks>;
