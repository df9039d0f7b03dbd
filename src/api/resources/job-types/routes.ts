import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import type { z } from "zod";
import { jobTypeNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, ownerOf } from "../../http/auth.ts";
import { IdParams, NoBody, PageQuery } from "../../http/fields.ts";
import { JobType, JobTypeChanges, NewJobType, ShownJobType, ShownJobTypePage } from "./contract.ts";
import { toPage } from "../../http/cursor.ts";

const tags = ["Job types"];
const OFFERED =
  "With a customer's key, shows what that customer can submit: enabled job types with a price in the currency of its wallet, each with what this customer pays.";

export function jobTypeRoutes(api: Api, { jobTypes, jobTypeCache, inputSchemas, prices }: Platform): void {
  api.post(
    "/job-types",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "createJobType",
        tags,
        summary: "Create a job type",
        description: "The `Location` header is the path of the job type.",
        body: NewJobType,
        location: "Path of the job type.",
        response: { 201: JobType },
        errors: ["name_taken"],
      },
    },
    async ({ body }, reply) => {
      await refuseFault(body.input_schema);
      const jobType = await jobTypes.create({ ...body, id: newId() });
      return reply.code(201).header("location", `/job-types/${jobType.id}`).send(jobType);
    },
  );

  api.get(
    "/job-types",
    {
      schema: {
        operationId: "listJobTypes",
        tags,
        summary: "List job types, newest first",
        description: `With the admin key, lists all of them. ${OFFERED}`,
        querystring: PageQuery,
        response: { 200: ShownJobTypePage },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const page = { limit: limit + 1, before: cursor };
      const owner = ownerOf(request);
      if (owner !== undefined)
        return toPage(await prices.offers(owner, page), limit, (jobType) => jobType.id);
      return toPage(await jobTypes.list(page), limit, (jobType) => jobType.id);
    },
  );

  api.get(
    "/job-types/:id",
    {
      schema: {
        operationId: "getJobType",
        tags,
        summary: "Get a job type",
        description: OFFERED,
        params: IdParams,
        response: { 200: ShownJobType },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const owner = ownerOf(request);
      const jobType = await (owner === undefined ? jobTypes.findById(id) : prices.offer(owner, id));
      if (!jobType) throw jobTypeNotFound(id);
      return jobType;
    },
  );

  api.patch(
    "/job-types/:id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "updateJobType",
        tags,
        summary: "Update a job type",
        description:
          "Changes only the fields that are sent. A new price and `enabled` apply from the next submission on; the other fields may take up to a second to reach all processes. Jobs that were accepted keep their price.",
        params: IdParams,
        body: JobTypeChanges,
        response: { 200: JobType },
        errors: ["not_found", "name_taken"],
      },
    },
    async ({ params: { id }, body }) => {
      await refuseFault(body.input_schema);
      const jobType = await jobTypes.update(id, body);
      if (!jobType) throw jobTypeNotFound(id);
      jobTypeCache.forget(id);
      return jobType;
    },
  );

  api.post(
    "/job-types/:id/pause",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "pauseJobType",
        tags,
        summary: "Pause a job type",
        description:
          "Runners start none of its jobs until it is resumed. Running jobs go on, and new jobs are accepted. Pausing it again changes nothing.",
        params: IdParams,
        body: NoBody,
        response: { 200: JobType },
        errors: ["not_found"],
      },
    },
    async ({ params: { id } }) => await setPaused(id, true),
  );

  api.post(
    "/job-types/:id/resume",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "resumeJobType",
        tags,
        summary: "Resume a job type",
        description: "Within moments, runners start its waiting jobs again.",
        params: IdParams,
        body: NoBody,
        response: { 200: JobType },
        errors: ["not_found"],
      },
    },
    async ({ params: { id } }) => await setPaused(id, false),
  );

  async function refuseFault(schema: object | null | undefined): Promise<void> {
    const message = schema ? await inputSchemas.findFault(schema) : undefined;
    if (message === undefined) return;
    throw new PlatformError("validation_failed", "The job type's input_schema is not valid.", {
      errors: [{ pointer: "/input_schema", message }],
    });
  }

  async function setPaused(id: string, paused: boolean): Promise<z.output<typeof JobType>> {
    const jobType = await jobTypes.setPaused(id, paused);
    if (!jobType) throw jobTypeNotFound(id);
    jobTypeCache.forget(id);
    return jobType;
  }
}
