import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import type { z } from "zod";
import { jobTypeNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { IdParams, NoBody, PageQuery } from "../../http/fields.ts";
import { JobType, JobTypeChanges, JobTypePage, NewJobType } from "./contract.ts";
import { toPage } from "../../http/cursor.ts";

const tags = ["Job types"];

export function jobTypeRoutes(api: Api, { jobTypes, jobTypeCache, inputSchemas }: Platform): void {
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
      onRequest: adminOnly,
      schema: {
        operationId: "listJobTypes",
        tags,
        summary: "List job types, newest first",
        description: "Returns all job types, also those that are disabled or paused.",
        querystring: PageQuery,
        response: { 200: JobTypePage },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const rows = await jobTypes.list({ limit: limit + 1, before: cursor });
      return toPage(rows, limit, (jobType) => jobType.id);
    },
  );

  api.get(
    "/job-types/:id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "getJobType",
        tags,
        summary: "Get a job type",
        description:
          "Returns the job type with its standard cost. Prices of single customers are listed apart.",
        params: IdParams,
        response: { 200: JobType },
        errors: ["not_found"],
      },
    },
    async ({ params: { id } }) => {
      const jobType = await jobTypes.findById(id);
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
