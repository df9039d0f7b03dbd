import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { parseExact } from "../lib/exact-json.ts";
import { post } from "../lib/http.ts";
import { go, pageUrl, query, withQuery } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { isOperator } from "../lib/role.ts";
import { inputFields, inputOf } from "../lib/schema-form.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { useEstimate } from "../lib/use-estimate.ts";
import { useJobTypes, type JobType, type OfferedJobType } from "../lib/use-job-types.ts";
import type { Job } from "../lib/use-job-list.ts";
import { Field } from "../ui/field.tsx";
import { Card, Page, RequestId } from "../ui/page.tsx";
import { PriceLine } from "../ui/price-line.tsx";
import { SchemaFields } from "../ui/schema-fields.tsx";
import { say } from "../ui/toast.tsx";

/** A job by hand: who pays, what runs, with what, and what it will cost before it is sent. */
export function NewJobPage(): JSX.Element {
  const types = useJobTypes();
  const customers = useAnswer<Api["CustomerPage"]>(isOperator.value ? "/customers?limit=200" : undefined, 0);
  const asked = query.value.get("job_type_id");
  const type = types.find(({ id }) => id === asked) ?? types[0];
  return (
    <Page title="New job">
      <div class="form">
        <Card title="What runs">
          {isOperator.value ? (
            <Field
              field={{
                name: "customer_id",
                label: "Customer who pays",
                kind: "select",
                options: [
                  { value: "", label: "Choose …" },
                  ...(customers.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
                ],
              }}
              value={query.value.get("customer_id") ?? ""}
              onValue={(customer_id) => go(withQuery({ customer_id }), { replace: true })}
            />
          ) : null}
          <Field
            field={{
              name: "job_type_id",
              label: "Job type",
              kind: "select",
              options: types.map(({ id, name }) => ({ value: id, label: name })),
            }}
            value={type?.id ?? ""}
            onValue={(job_type_id) => go(withQuery({ job_type_id }), { replace: true })}
          />
        </Card>
        {type ? <JobForm key={type.id} type={type} /> : <p class="empty">There is no job type yet.</p>}
      </div>
    </Page>
  );
}

function JobForm({ type }: { readonly type: JobType | OfferedJobType }): JSX.Element {
  const schema = type.input_schema ?? ("processor_input_schema" in type ? type.processor_input_schema : null);
  const fields = inputFields(schema);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [json, setJson] = useState("{}");
  const [isJson, setIsJson] = useState(fields === undefined);
  const [priority, setPriority] = useState("1");
  const [error, setError] = useState<Error | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const customer_id = query.value.get("customer_id") ?? undefined;

  const input = read(() => (isJson || !fields ? parseExact(json) : inputOf(fields, values)));
  const body = {
    ...(isOperator.value ? { customer_id } : {}),
    job_type_id: type.id,
    priority: Number(priority),
    input_data: input.value,
  };
  const isComplete = !input.fault && (!isOperator.value || customer_id !== undefined);
  const estimate = useEstimate(isComplete ? body : undefined);
  const problem = error instanceof Problem ? error : estimate.problem;

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy || !isComplete) return;
    setBusy(true);
    try {
      const job = await post<Job>("/jobs", body);
      say("Job submitted");
      go(pageUrl(`/jobs/${job.id}`));
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setBusy(false);
    }
  };
  const toJson = (): void => {
    if (!isJson) setJson(JSON.stringify(input.value ?? {}, null, 2));
    setIsJson(!isJson);
  };

  return (
    <form onSubmit={(event) => void submit(event)} onInput={() => setError(undefined)}>
      <Card
        title="Input"
        actions={
          fields ? (
            <button type="button" class="small" aria-pressed={isJson} onClick={toJson}>
              As JSON
            </button>
          ) : null
        }
      >
        {isJson || !fields ? (
          <Field
            field={{ name: "input_data", label: "Input as JSON", kind: "textarea" }}
            value={json}
            error={input.fault ?? problem?.of("/input_data")}
            onValue={setJson}
          />
        ) : (
          <SchemaFields fields={fields} values={values} problem={problem} onValues={setValues} />
        )}
        {input.fault && !isJson ? <p class="wrong">{input.fault}</p> : null}
        <Field
          field={{
            name: "priority",
            label: "Priority",
            kind: "select",
            options: [
              { value: "0", label: "High" },
              { value: "1", label: "Medium" },
              { value: "2", label: "Low" },
            ],
          }}
          value={priority}
          onValue={setPriority}
        />
      </Card>
      <Card title="Price">
        <PriceLine
          isAsked={isComplete}
          needsCustomer={isOperator.value && !customer_id}
          estimate={estimate}
        />
        {error ? (
          <div class="notice" role="alert">
            <p>{error.message}</p>
            <RequestId error={error} />
          </div>
        ) : null}
        <div class="actions">
          <button class="main" disabled={isBusy || !isComplete}>
            {isBusy ? "Submitting …" : "Submit the job"}
          </button>
        </div>
      </Card>
    </form>
  );
}

function read(work: () => unknown): { readonly value?: unknown; readonly fault?: string } {
  try {
    return { value: work() };
  } catch (error) {
    return {
      fault:
        error instanceof SyntaxError ? "This is no JSON yet." : error instanceof Error ? error.message : "",
    };
  }
}
