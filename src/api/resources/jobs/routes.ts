import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { weave } from "../../../core/lib/weave.ts";
import type { Submitted } from "../../../core/model/job.ts";
import type { JobWebhook } from "../../../core/model/job-webhook.ts";
import { jobNotFound } from "../../../core/model/not-found.ts";
import type { WebhookRules } from "../../../core/model/webhook.ts";
import { readWebhookUrl } from "../../../core/model/webhook-url.ts";
import { cancelJob } from "../../../core/use-cases/cancel-job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { retryJob } from "../../../core/use-cases/retry-job.ts";
import { estimateJob } from "../../../core/use-cases/estimate-job.ts";
import {
  submitJobs,
  submitOne,
  type SubmitJob as SubmitJobRequest,
} from "../../../core/use-cases/submit-jobs.ts";
import type { Api } from "../../http/api.ts";
import { activeOnly, ownerOf, refuseForeign } from "../../http/auth.ts";
import { IdParams, NoBody } from "../../http/fields.ts";
import { BatchResults, Job, JobEstimate, JobPage, JobsQuery, SubmitBatch, SubmitJob } from "./contract.ts";
import { shownJob } from "./shown-job.ts";
import { traceOne, traceSubmission } from "./trace-submission.ts";
import { Waits } from "./waits.ts";
import { writePosition } from "../../../core/model/arrival-position.ts";
import { encodeCursor, toPage } from "../../http/cursor.ts";
import {
  createdStatus,
  IdempotencyHeaders,
  idempotencyKeyOf,
  setReplayedHeader,
} from "../../http/idempotency.ts";
import { createErrorBudget } from "../../http/error-budget.ts";
import { toProblem } from "../../http/problems.ts";
import { parseEach } from "../../http/parse-each.ts";
import { invalidField, parse } from "../../http/validation.ts";

const tags = ["Jobs"];

const SUBMISSION_ERRORS = [
  "insufficient_funds",
  "spend_limit_reached",
  "wallet_frozen",
  "queue_full",
  "too_many_origins",
  "customer_inactive",
  "not_found",
  "unknown_customer",
  "unknown_job_type",
  "job_type_disabled",
  "currency_mismatch",
  "input_invalid",
] as const;

export function jobRoutes(api: Api, platform: Platform): void {
  const { jobs } = platform;
  const toSubmit = (request: FastifyRequest, job: z.output<typeof SubmitJob>): Writable<SubmitJobRequest> => {
    const given = forCustomer(request, job);
    if (job.webhook) given.webhook = checkedWebhook(job.webhook, platform.webhookRules);
    return given;
  };
  const waits = new Waits(platform);
  api.addHook("preClose", (done) => {
    waits.endAll();
    done();
  });

  api.post(
    "/jobs",
    {
      onRequest: activeOnly,
      schema: {
        operationId: "submitJob",
        tags,
        summary: "Submit a job",
        description:
          "Stores the job and holds its price in the wallet, both or neither. The price is charged when the job succeeds. The `Location` header is the path of the job. With `Prefer: wait=n` (n seconds, 60 at most), the answer comes when the job has ended, or after n seconds with the job as it is then: look at its `status`.",
        headers: IdempotencyHeaders,
        body: SubmitJob,
        location: "Path of the job.",
        response: { 200: Job, 201: Job },
        errors: [...SUBMISSION_ERRORS, "idempotency_key_reused", "job_gone"],
      },
    },
    async (request, reply) => {
      const key = idempotencyKeyOf(request, request.body);
      const given = toSubmit(request, request.body);
      if (key) given.key = { ...key, item: 0 };
      const { job, replayed = false } = await waits.submit(request, reply, () =>
        traceOne(request, (trace) => {
          if (trace) given.trace = trace;
          return submitOne(platform, given, request.waited_ms);
        }),
      );
      setReplayedHeader(request, reply, replayed);
      return reply
        .code(createdStatus(replayed))
        .header("location", `/jobs/${job.id}`)
        .send(shownJob(request, job));
    },
  );

  api.post(
    "/jobs/estimate",
    {
      onRequest: activeOnly,
      schema: {
        operationId: "estimateJob",
        tags,
        summary: "Estimate the price of a job",
        description:
          "Returns what a submission with this body would cost, whether the wallet could hold it, and how long the job would wait. Nothing is stored or held, so a moment later the result may differ.",
        body: SubmitJob,
        response: { 200: JobEstimate },
        errors: [
          "customer_inactive",
          "not_found",
          "unknown_customer",
          "unknown_job_type",
          "job_type_disabled",
          "currency_mismatch",
          "input_invalid",
        ],
      },
    },
    async (request) => await estimateJob(platform, forCustomer(request, request.body)),
  );

  api.post(
    "/jobs/batch",
    {
      onRequest: activeOnly,
      schema: {
        operationId: "submitJobs",
        tags,
        summary: "Submit up to 1000 jobs",
        description:
          "Each job succeeds or fails on its own. Check the `status` of each result. Pointers in a problem point into that item.",
        headers: IdempotencyHeaders,
        body: SubmitBatch,
        response: { 200: BatchResults },
        errors: ["customer_inactive", "idempotency_key_reused"],
      },
    },
    async (request, reply) => {
      const { results, replayed } = await submitBatch(platform, request, request.body.jobs, toSubmit);
      setReplayedHeader(request, reply, replayed);
      return { results };
    },
  );

  api.get(
    "/jobs/:id",
    {
      schema: {
        operationId: "getJob",
        tags,
        summary: "Get a job",
        description:
          "Returns the job as it is now. Ask again until `completed_at` is set: then the job has ended, and it never changes again.",
        params: IdParams,
        response: { 200: Job },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const job = await jobs.findById(id, ownerOf(request));
      if (!job) throw jobNotFound(id);
      return shownJob(request, job);
    },
  );

  api.post(
    "/jobs/:id/cancel",
    {
      schema: {
        operationId: "cancelJob",
        tags,
        summary: "Cancel a job",
        description:
          "Ends the job at no cost and releases its hold. A running job is told to stop wherever it runs, and whatever it still returns is refused.",
        params: IdParams,
        body: NoBody,
        response: { 200: Job },
        errors: ["not_found", "job_already_ended"],
      },
    },
    async (request) => shownJob(request, await cancelJob(platform, request.params.id, ownerOf(request))),
  );

  api.post(
    "/jobs/:id/retry",
    {
      onRequest: activeOnly,
      schema: {
        operationId: "retryJob",
        tags,
        summary: "Retry a failed or cancelled job",
        description:
          "Creates a new job with the same input, priority and number of attempts. Its `retry_of` is the old job, which does not change. Its price is that of today, and it is held as for any submission. The `Location` header is the path of the new job.",
        params: IdParams,
        body: NoBody,
        location: "Path of the new job.",
        response: { 201: Job },
        errors: [...SUBMISSION_ERRORS, "job_not_ended"],
      },
    },
    async (request, reply) => {
      const { job } = await traceOne(request, async (trace) => ({
        job: await retryJob(platform, request.params.id, ownerOf(request), trace),
        due: true,
      }));
      return reply.code(201).header("location", `/jobs/${job.id}`).send(shownJob(request, job));
    },
  );

  api.get(
    "/jobs",
    {
      schema: {
        operationId: "listJobs",
        tags,
        summary: "List jobs, newest first, or follow them as they come",
        description:
          "With a customer's key, lists only the jobs of that customer. To follow new jobs, ask with `order=oldest`, then again and again with `after`, which is the `next_cursor` of the previous answer, and the same filters. Each job comes exactly once, as it is at that moment, also when it was stored late or by a host whose clock is wrong. `next_cursor` is there in every such answer. When `data` has fewer jobs than `limit`, there are no more for now. A job comes within moments of its submission: no later than the longest transaction that runs on the database server takes.",
        querystring: JobsQuery,
        response: { 200: JobPage },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { limit, cursor, order, after, ...given } = request.query;
      refuseForeign(request, given.customer_id);
      const filter = { ...given, customer_id: ownerOf(request) ?? given.customer_id };
      if (order === "oldest") {
        if (cursor !== undefined) throw invalidField("/cursor", "is for order=newest: send after instead");
        const { jobs: data, position } = await jobs.listArrivals(filter, { limit, after });
        return {
          data: data.map((job) => shownJob(request, job)),
          next_cursor: encodeCursor(writePosition(position)),
        };
      }
      if (after !== undefined) throw invalidField("/after", "is for order=oldest");
      const rows = await jobs.list(filter, { limit: limit + 1, before: cursor });
      return toPage(
        rows.map((job) => shownJob(request, job)),
        limit,
        (job) => job.id,
      );
    },
  );
}

/**
 * The job with its customer: the owner of the key or, with the admin key, the customer that the body names.
 */
function forCustomer(request: FastifyRequest, job: z.output<typeof SubmitJob>): Writable<SubmitJobRequest> {
  refuseForeign(request, job.customer_id);
  const customer_id = ownerOf(request) ?? job.customer_id;
  if (customer_id === undefined) throw invalidField("/customer_id", "is required with the admin key");
  // Field by field: a spread costs three times as much.
  return {
    customer_id,
    job_type_id: job.job_type_id,
    priority: job.priority,
    input_data: job.input_data,
    run_at: job.run_at,
    max_attempts: job.max_attempts,
  };
}

/** Throws `validation_failed` where webhooks may not go to its address. */
function checkedWebhook(webhook: JobWebhook, rules: WebhookRules): JobWebhook {
  const read = readWebhookUrl(webhook.url, rules);
  if ("fault" in read) throw invalidField("/webhook/url", read.fault);
  return { ...webhook, url: read.url };
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

type Result = z.output<typeof BatchResults>["results"][number];

/**
 * Parses each item, submits the valid ones together, and returns the results in the order of the items. An
 * Idempotency-Key covers each item at its place: a job that it created before is returned again, an item that
 * was refused is submitted again. `replayed` is true when an earlier request created all jobs that are
 * returned.
 */
async function submitBatch(
  platform: Platform,
  request: FastifyRequest,
  items: readonly unknown[],
  toSubmit: (request: FastifyRequest, job: z.output<typeof SubmitJob>) => SubmitJobRequest,
): Promise<{ results: Result[]; replayed: boolean }> {
  const key = idempotencyKeyOf(request, items);
  const budget = createErrorBudget();
  const { valid, refused } = await parseEach(items, (item, index): SubmitJobRequest => {
    const job = toSubmit(request, parse(SubmitJob, item, budget));
    return key ? { ...job, key: { ...key, item: index } } : job;
  });
  const submitted = await traceSubmission(request, valid.length, (trace) =>
    submitJobs(platform, trace ? valid.map((job) => ({ ...job, trace })) : valid, request.waited_ms),
  );
  const results = weave<Submitted>(refused, submitted).map((one): Result => {
    if ("job" in one) return { status: 201, job: shownJob(request, one.job) };
    // The Idempotency-Key belongs to the request as a whole, so its reuse refuses the whole request.
    if (one.refused.code === "idempotency_key_reused") throw one.refused;
    return { status: one.refused.status, problem: toProblem(one.refused, request.id, budget) };
  });
  const made = submitted.filter((one) => "job" in one);
  return { results, replayed: made.length > 0 && made.every((one) => one.replayed) };
}
