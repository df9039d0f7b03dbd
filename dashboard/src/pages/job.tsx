import type { JSX } from "preact";
import { isOperator } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import type { Job } from "../lib/use-job-list.ts";
import { CopyId } from "../ui/copy-id.tsx";
import { AttemptErrors } from "../ui/attempt-errors.tsx";
import { JobActions } from "../ui/job-actions.tsx";
import { JobLog } from "../ui/job-log.tsx";
import { JobMoney } from "../ui/job-money.tsx";
import { JobTimeline } from "../ui/job-timeline.tsx";
import { JsonView } from "../ui/json-view.tsx";
import { Answered, Card, Facts, Page } from "../ui/page.tsx";
import { CustomerLink, JobLink, JobTypeName, priorityName, shortId, Status, Time } from "../ui/values.tsx";
import { WhyWaiting } from "../ui/why-waiting.tsx";

const LIVE_MS = 1_000;

export function JobPage({ id }: { readonly id: string }): JSX.Element {
  const path = `/jobs/${encodeURIComponent(id)}`;
  const answer = useAnswer<Job>(path, LIVE_MS, { of: id });
  const { data } = answer;
  return (
    <Page
      title={`Job ${shortId(id)}`}
      heading={
        <>
          Job <code>{shortId(id)}</code> {data ? <Status status={data.status} /> : null}
        </>
      }
      actions={data ? <JobActions job={data} reload={answer.reload} /> : null}
    >
      <Answered answer={answer}>{(job) => <Story job={job} />}</Answered>
    </Page>
  );
}

function Story({ job }: { readonly job: Job }): JSX.Element {
  return (
    <>
      <WhyWaiting job={job} />
      {job.error ? <AttemptErrors title="Why it failed" errors={[job.error]} /> : null}
      <div class="columns">
        <Card title="Facts">
          <Facts
            facts={[
              ["Id", <CopyId id={job.id} />],
              ["Job type", <JobTypeName id={job.job_type_id} />],
              ...(isOperator.value ? [["Customer", <CustomerLink id={job.customer_id} />] as const] : []),
              ["Priority", priorityName(job.priority)],
              ["Attempt", attempts(job)],
              ["Created", <Time time={job.created_at} />],
              ...(job.status === "pending" && job.run_at > job.created_at
                ? [["Not before", <Time time={job.run_at} />] as const]
                : []),
              ...(job.retry_of ? [["Runs again", <JobLink id={job.retry_of} />] as const] : []),
              ...(job.runner_id && isOperator.value
                ? [["Runner", <code>{shortId(job.runner_id)}</code>] as const]
                : []),
            ]}
          />
        </Card>
        <JobMoney job={job} />
      </div>
      <JobTimeline job={job} />
      <JobLog job={job} />
      {job.errors.length > 0 ? <AttemptErrors title="Attempts that failed" errors={job.errors} /> : null}
      <div class="columns">
        <Card title="Input">
          <JsonView label="Input" value={job.input_data} />
        </Card>
        <Card title="Output">
          {job.status === "succeeded" ? (
            <JsonView label="Output" value={job.output_data} />
          ) : (
            <p class="empty">
              {job.completed_at === null ? "Not yet." : "None: only jobs that succeed have one."}
            </p>
          )}
        </Card>
      </div>
    </>
  );
}

function attempts({ attempt, max_attempts, excused_attempts }: Job): string {
  const excused =
    excused_attempts === 0 ? "" : ` (${excused_attempts} excused: their runner stopped or was lost)`;
  return `${attempt} of ${max_attempts + excused_attempts}${excused}`;
}
