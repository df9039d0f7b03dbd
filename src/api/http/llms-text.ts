import { ERROR_ENTRIES } from "./error-pages.ts";

interface Document {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
}

/**
 * The text at /llms.txt, by the convention of llmstxt.org: what this is, how it is used, every route, and where the rest
 * stands. For programs that write clients, and for people in a hurry. `openapi` is the document of this API.
 */
export function llmsText(openapi: object): string {
  // The document that this API serves: its own tests know its form.
  const { info, paths } = openapi as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  const tags = [...new Set(operations.flatMap((operation) => operation.tags))];
  const routes = tags.map((tag) => {
    const rows = operations
      .filter((operation) => operation.tags[0] === tag)
      .map(({ method, path, summary }) => `- \`${method.toUpperCase()} ${path}\`: ${summary}`);
    return `### ${tag}\n\n${rows.join("\n")}`;
  });
  const codes = [...ERROR_ENTRIES.keys()].map((code) => `[${code}](/docs/errors/${code})`);
  return `# ${info.title} ${info.version}

> A paid job queue over HTTP. A customer has a prepaid wallet and submits jobs. The price of a job is held when it is
> submitted, charged once when it succeeds, and given back when it fails or is cancelled.

${USE}

## Links

- [OpenAPI document](/openapi.json): every route with its schemas, errors and examples. Generate clients from it.
- [Interactive reference](/docs): the same for people.
- [Errors](/docs/errors): every code; the \`type\` of a problem leads to the page of its code.

## Routes

${routes.join("\n\n")}

## Error codes

${codes.join(", ")}
`;
}

const USE = `## Use

- Send \`Authorization: Bearer <key>\` with each request. A customer's key reaches what is that customer's; ids of others
  answer 404. \`GET /me\` tells whose key it is.
- Bodies are JSON, names are snake_case, times RFC 3339 in UTC, ids UUIDs. Amounts ending in \`_cents\` are integers in the
  minor unit of their currency. Unknown fields are refused.
- \`GET /job-types\` lists what can be bought: each has a price and the JSON Schema of its input.
- \`POST /jobs\` with \`{"job_type_id": "…", "input_data": {…}}\` answers 201 with a pending job. Send an \`Idempotency-Key\`,
  one for each job that you want: the same request sent again then returns the first job and costs nothing more.
  \`Prefer: wait=30\` waits for the end of the job, 60 seconds at most.
- A job ends as \`succeeded\` (\`output_data\`, \`cost_cents\`), \`failed\` (\`error\`) or \`cancelled\`. Follow it with
  \`GET /jobs/{id}\`, or \`GET /jobs/{id}/events\` with \`Accept: text/event-stream\`.
- Errors are \`application/problem+json\`. Decide by \`code\`; repeat a request unchanged only where \`retryable\` is true,
  after \`Retry-After\`. On \`insufficient_funds\`, top up and send the same request again.
- Lists have \`{data, next_cursor}\`: send \`next_cursor\` as \`cursor\` until it is null.`;
