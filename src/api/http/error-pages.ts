import { ERROR_HELP, type ErrorHelp } from "../../core/lib/error-help.ts";
import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { JOB_ERROR_HELP } from "../../core/lib/job-error-help.ts";
import { escapeHtml, htmlPage } from "./html-page.ts";
import { problemExample } from "./problem-examples.ts";

/** What is told of one code: of a response, or of a job. */
export interface ErrorEntry extends ErrorHelp {
  readonly code: string;
  readonly title: string;
  /** Of the response. Null: only jobs have this code. */
  readonly status: number | null;
  /** Whether the same request may succeed later without changes. Null: it is no request. */
  readonly retryable: boolean | null;
}

// Object.entries returns string names; these are the names of that very object.
const OF_RESPONSES = (Object.keys(ERRORS) as ErrorCode[]).map((code): ErrorEntry => ({
  code,
  ...ERRORS[code],
  ...ERROR_HELP[code],
}));
const OF_JOBS = Object.entries(JOB_ERROR_HELP).map(([code, help]): ErrorEntry => ({
  code,
  status: null,
  retryable: null,
  ...help,
}));

/** By code: all that responses and jobs can have, but for the codes of processors themselves. */
export const ERROR_ENTRIES: ReadonlyMap<string, ErrorEntry> = new Map(
  [...OF_RESPONSES, ...OF_JOBS].map((entry) => [entry.code, entry]),
);

/** The list of all codes. Each row can be linked to: `/docs/errors#not_found`. */
export function errorListPage(): string {
  const rows = [...ERROR_ENTRIES.values()].map(
    ({ code, status, title, retryable }) =>
      `<tr id="${code}"><td>${status ?? "job"}<td><a href="errors/${code}"><code>${code}</code></a><td>${escapeHtml(title)}<td>${retries(retryable)}`,
  );
  return htmlPage(
    "Errors",
    `<h1>Errors</h1>
<p>Every error response is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is one of
these, and its <code>type</code> leads to the page of that code. Where the status is <em>job</em>, the code stands in
<code>error</code> of a job that failed. Processors may add codes of their own there.</p>
<table>
<tr><th>Status<th>Code<th>Meaning<th>Retry without changes
${rows.join("\n")}
</table>`,
  );
}

/** The page of one code. */
export function errorPage(entry: ErrorEntry): string {
  const { code, title, status, retryable, happened, cost, todo } = entry;
  const facts =
    status === null
      ? "The <code>code</code> of a job's error."
      : `Status <strong>${status}</strong>. The same request may succeed later without changes: ${retries(retryable)}.`;
  return htmlPage(
    `${code}: ${title}`,
    `<p><a href="../errors">All errors</a></p>
<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code>. ${facts}</p>
<h2>What happened</h2>
<p>${prose(happened)}</p>
<h2>What it cost</h2>
<p>${prose(cost)}</p>
<h2>What to do</h2>
<ul>
${todo.map((step) => `<li>${prose(step)}`).join("\n")}
</ul>
${exampleOf(code)}`,
  );
}

/** The same for programs and for people in a terminal. */
export function errorText({ code, title, status, retryable, happened, cost, todo }: ErrorEntry): string {
  const facts = status === null ? "code of a job's error" : `status ${status}, retryable: ${retryable}`;
  return [
    `# ${code}: ${title}`,
    `(${facts})`,
    `## What happened\n\n${happened}`,
    `## What it cost\n\n${cost}`,
    `## What to do\n\n${todo.map((step) => `- ${step}`).join("\n")}\n`,
  ].join("\n\n");
}

function exampleOf(code: string): string {
  if (!isErrorCode(code)) return "";
  const example = JSON.stringify(problemExample(code), null, 2);
  return `<h2>Example</h2>\n<pre>${escapeHtml(example)}</pre>`;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function retries(retryable: boolean | null): string {
  if (retryable === null) return "–";
  return retryable ? "yes, after Retry-After" : "no";
}

/** What stands between backticks is code. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
