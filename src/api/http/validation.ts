import type { FastifySchemaCompiler } from "fastify";
import { z } from "zod";
import { PlatformError } from "../../core/lib/errors.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import { escapePointer } from "../../core/lib/json.ts";
import { nearest } from "../../core/lib/nearest.ts";

/** Most field errors that one response lists: a body can have a hundred thousand unknown keys. */
const ERRORS_MAX = 100;
const DETAIL_LENGTH_MAX = 500;

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
  object: "a JSON object",
  record: "a JSON object",
  array: "an array",
};

/**
 * Fastify's validator, based on zod: returns the parsed value, or `validation_failed` with every wrong field.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const parsed = schema.safeParse(data, { error: describe });
    return parsed.success ? { value: parsed.data } : { error: validationFailed(schema, parsed.error) };
  };
};

/** Parses a value that Fastify does not validate, such as one item of a batch. Throws `validation_failed`. */
export function parse<Schema extends z.ZodType>(schema: Schema, data: unknown): z.output<Schema> {
  const parsed = schema.safeParse(data, { error: describe });
  if (!parsed.success) throw validationFailed(schema, parsed.error);
  return parsed.data;
}

export function invalidField(pointer: string, message: string): PlatformError {
  return fieldsInvalid([{ pointer, message }]);
}

function validationFailed(schema: z.ZodType, error: z.ZodError): PlatformError {
  return fieldsInvalid(error.issues.flatMap((issue) => toFieldErrors(schema, issue)).slice(0, ERRORS_MAX));
}

function fieldsInvalid(errors: readonly FieldError[]): PlatformError {
  const detail = errors.map(({ pointer, message }) => `${pointer || "The value"} ${message}`).join("; ");
  return new PlatformError(
    "validation_failed",
    detail.length > DETAIL_LENGTH_MAX
      ? `${detail.slice(0, DETAIL_LENGTH_MAX)}…`
      : `${detail}${detail.endsWith("?") ? "" : "."}`,
    { errors },
  );
}

function toFieldErrors(schema: z.ZodType, issue: z.core.$ZodIssue): FieldError[] {
  const pointer = issue.path.map((token) => `/${escapePointer(String(token))}`).join("");
  if (issue.code !== "unrecognized_keys") return [{ pointer, message: issue.message }];
  const body = schema instanceof z.ZodNullable ? schema.unwrap() : schema;
  const known = body instanceof z.ZodObject ? Object.keys(body.shape) : [];
  return issue.keys.slice(0, ERRORS_MAX).map((key) => {
    const meant = nearest(key, known);
    const hint = meant ? `did you mean "${meant}"?` : listOf(known);
    return { pointer: `${pointer}/${escapePointer(key)}`, message: `is not a known field; ${hint}` };
  });
}

function listOf(known: readonly string[]): string {
  return known.length === 0 ? "this request takes none" : `known fields are ${known.join(", ")}`;
}

/** The message of an issue for which the schema has none of its own. */
function describe(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? "is required"
        : `must be ${EXPECTED[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return bound(issue.origin, "at least", Number(issue.minimum));
    case "too_big":
      return bound(issue.origin, "at most", Number(issue.maximum));
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_key":
    case "invalid_union":
    case "not_multiple_of":
    case "unrecognized_keys":
      return undefined;
  }
}

function bound(origin: string, side: string, limit: number): string {
  if (origin === "string") return `must have ${side} ${limit} characters`;
  if (origin === "array") return `must have ${side} ${limit} ${limit === 1 ? "item" : "items"}`;
  return `must be ${side} ${limit}`;
}
