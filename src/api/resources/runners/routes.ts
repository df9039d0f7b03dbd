import { runnerNotFound } from "../../../core/model/not-found.ts";
import type { Drain, RunnerInfo } from "../../../core/model/runner.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { IdParams, NoBody } from "../../http/fields.ts";
import { NewDrain, Runner, RunnerPage } from "./contract.ts";

const tags = ["Operations"];

export function runnerRoutes(api: Api, { runners }: Platform): void {
  async function setDrain(id: string, drain: Drain | undefined): Promise<RunnerInfo> {
    const runner = (await runners.setDrain(id, drain)) ? await runners.findById(id) : undefined;
    if (!runner) throw runnerNotFound(id);
    return runner;
  }

  api.get(
    "/runners",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listRunners",
        tags,
        summary: "List the runners that are alive, oldest first",
        description:
          "Returns all of them on one page. A runner that sends no heartbeat for the time of a lease counts as dead and leaves the list.",
        response: { 200: RunnerPage },
      },
    },
    async () => ({ data: await runners.list(), next_cursor: null }),
  );

  api.post(
    "/runners/:id/drain",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "drainRunner",
        tags,
        summary: "Let a runner take no more jobs",
        description:
          "The runner learns of it within a second or so, finishes what it has, and then waits until it is resumed, or ends with `exit`. It has drained when `running` is 0. Other runners go on. A runner process that is started anew is another runner, and takes jobs. Sent again, it changes only `exit`.",
        params: IdParams,
        body: NewDrain,
        response: { 200: Runner },
        errors: ["not_found"],
      },
    },
    async ({ params: { id }, body: { exit } }) => await setDrain(id, { exits: exit }),
  );

  api.post(
    "/runners/:id/resume",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "resumeRunner",
        tags,
        summary: "Let a runner that drains take jobs again",
        description: "Changes nothing when it takes jobs. A runner that has ended stays away: start one.",
        params: IdParams,
        body: NoBody,
        response: { 200: Runner },
        errors: ["not_found"],
      },
    },
    async ({ params: { id } }) => await setDrain(id, undefined),
  );
}
