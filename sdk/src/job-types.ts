import type { Api } from "./api-types.gen.ts";

/** Of a platform whose job types are not known to the compiler: any name, any JSON. */
export type AnyJobTypes = Record<string, { readonly input: unknown; readonly output: unknown }>;

/** The names that a job can be submitted by; without generated types also an id. */
export type TypeName<Types> = keyof Types & string;

export type InputOf<Types, Name extends keyof Types> = Types[Name] extends { readonly input: infer Input }
  ? Input
  : unknown;

export type OutputOf<Types, Name extends keyof Types> = Types[Name] extends { readonly output: infer Output }
  ? Output
  : unknown;

/** A job, with what the compiler knows of its output. */
export type Job<Output = unknown> = Omit<Api["Job"], "output_data"> & { readonly output_data: Output | null };

/** A job that succeeded. */
export type EndedJob<Output = unknown> = Omit<Api["Job"], "output_data" | "status" | "cost_cents"> & {
  readonly status: "succeeded";
  readonly output_data: Output;
  /** What was charged, in minor units of the wallet's currency. */
  readonly cost_cents: number;
};
