import { z } from "zod";
import { STATUS_COUNT_MAX } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { Id } from "../../http/fields.ts";

const CountsQuery = z.strictObject({ customer_id: Id.optional(), job_type_id: Id.optional() });

const Count = z.strictObject({
  jobs: z.int(),
  more: z.boolean().meta({ description: "There are more, or some were not looked at: show it as `1000+`." }),
});

const JobCounts = z
  .strictObject({ pending: Count, running: Count, succeeded: Count, failed: Count, cancelled: Count })
  .meta({
    id: "JobCounts",
    examples: [
      {
        pending: { jobs: 12, more: false },
        running: { jobs: 4, more: false },
        succeeded: { jobs: STATUS_COUNT_MAX, more: true },
        failed: { jobs: 3, more: false },
        cancelled: { jobs: 0, more: false },
      },
    ],
  });

/** How many jobs there are of each status. */
export function jobCountRoutes(api: Api, { jobs }: Platform): void {
  api.get(
    "/jobs/counts",
    {
      schema: {
        operationId: "getJobCounts",
        tags: ["Jobs"],
        summary: "Count jobs by status",
        description: `Counts up to ${STATUS_COUNT_MAX.toLocaleString("en")} jobs of each status, of a customer or of all. It takes the same little time however many jobs there are, so it looks at a bounded number of them, the newest first.`,
        querystring: CountsQuery,
        response: { 200: JobCounts },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { customer_id, job_type_id } = request.query;
      refuseForeign(request, customer_id);
      return await jobs.countByStatus({ customer_id: ownerOf(request) ?? customer_id, job_type_id });
    },
  );
}
