import { WAIT_MAX_SECONDS } from "../../core/model/limits.ts";

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: { readonly type?: string; readonly enum?: readonly unknown[] };
  readonly description?: string;
  example?: unknown;
}

/** Ids of what the examples of the document are about, by the part of the path before the id. */
const IDS: Readonly<Record<string, string>> = {
  jobs: "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01",
  customers: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
  prices: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
  "job-types": "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
  "api-keys": "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0",
  runners: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
  "webhook-endpoints": "019ab1f3-2c10-7e21-8a40-5b7d3c1e9f20",
  "webhook-deliveries": "019ab1f3-7a41-7c02-9b1d-2f4e6a8c0d13",
};
const OTHER_ID = "019ab1f2-3c44-7a11-9b0e-5d2c8e7f6a10";

/** `Prefer` is read by a hook of all routes, which has no schema of a route. */
const PREFER: Parameter = {
  in: "header",
  name: "prefer",
  required: false,
  schema: { type: "string" },
  description: `\`wait=n\`: answer when the job has ended, or after n seconds (${WAIT_MAX_SECONDS} at most) with the job as it is then.`,
  example: "wait=30",
};

/** Gives each id in a path an example, and adds what no schema of the route says. */
export function documentParameters(
  path: string,
  operation: { readonly operationId: string; parameters?: Parameter[] },
): void {
  if (operation.operationId === "submitJob") operation.parameters = [...(operation.parameters ?? []), PREFER];
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in !== "path") continue;
    const before = new RegExp(`([^/]+)/\\{${parameter.name}\\}`).exec(path)?.[1] ?? "";
    parameter.example = IDS[before] ?? OTHER_ID;
  }
}
