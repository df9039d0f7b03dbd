import type { FastifySchemaCompiler } from "fastify";
import { z } from "zod";
import { PlatformError } from "../../core/lib/errors.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import { escapePointer } from "../../core/lib/json.ts";
import { cut } from "../../core/lib/cut.ts";
import { DETAIL_LENGTH_MAX, POINTER_LENGTH_MAX } from "../../core/model/limits.ts";
import { createErrorBudget, UNLISTED, type ErrorBudget } from "./error-budget.ts";
import { nearest } from "../../core/lib/nearest.ts";

/** Unknown fields of one value for which the error says what may have been meant. */
const HINTS_MAX = 10;

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
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const validate = (data: unknown) => {
    const parsed = schema.safeParse(data, { error: describe });
    return parsed.success ? { value: parsed.data } : { error: validationFailed(schema, parsed.error) };
  };
  if (httpPart !== "headers" || !(schema instanceof z.ZodObject) || !schema.safeParse({}).success)
    return validate;
  // Zod would copy all headers to find out that none of those that it knows is there.
  const names = Object.keys(schema.shape);
  return (headers: Readonly<Record<string, unknown>>) =>
    names.some((name) => headers[name] !== undefined) ? validate(headers) : { value: headers };
};

/**
 * Parses a value that Fastify does not validate, such as one item of a batch, whose budget all items share.
 * Throws `validation_failed`.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  budget?: ErrorBudget,
): z.output<Schema> {
  const parsed = schema.safeParse(data, { error: describe });
  if (parsed.success) return parsed.data;
  // Reading `error` is what makes zod build its messages, which takes ten times as long as the rest.
  if (budget?.toFind === 0) throw UNDESCRIBED;
  throw validationFailed(schema, parsed.error, budget);
}

/** One for all items for which there is no room, because nothing is said about them. */
const UNDESCRIBED = new PlatformError("validation_failed", UNLISTED);

export function invalidField(pointer: string, message: string): PlatformError {
  return fieldsInvalid([{ pointer, message }]);
}

/** Finds no more errors than the budget has room for: a body can have a hundred thousand unknown names. */
function validationFailed(
  schema: z.ZodType,
  { issues }: z.ZodError,
  budget = createErrorBudget(),
): PlatformError {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    if (budget.toFind === 0) break;
    const found = toFieldErrors(schema, issue, budget.toFind);
    budget.toFind -= found.length;
    errors.push(...found);
  }
  return fieldsInvalid(errors);
}

function fieldsInvalid(errors: readonly FieldError[]): PlatformError {
  let detail = "";
  for (const { pointer, message } of errors) {
    if (detail.length > DETAIL_LENGTH_MAX) break;
    detail += `${detail && "; "}${cut(pointer, POINTER_LENGTH_MAX) || "The value"} ${message}`;
  }
  return new PlatformError(
    "validation_failed",
    cut(/[?.!]$/.test(detail) ? detail : `${detail}.`, DETAIL_LENGTH_MAX),
    { errors },
  );
}

function toFieldErrors(schema: z.ZodType, issue: z.core.$ZodIssue, max: number): FieldError[] {
  const pointer = issue.path.map((token) => `/${escapePointer(String(token))}`).join("");
  if (issue.code !== "unrecognized_keys") return [{ pointer, message: issue.message }];
  const object = schemaAt(schema, issue.path);
  const known = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  return issue.keys.slice(0, max).map((key, n) => {
    const meant = n < HINTS_MAX ? nearest(key, known) : undefined;
    const hint = meant ? `; did you mean "${meant}"?` : n < HINTS_MAX ? `; ${listOf(known)}` : "";
    return { pointer: `${pointer}/${escapePointer(key)}`, message: `is not a known field${hint}` };
  });
}

/** The schema of the object at a path inside another one; undefined where that is not an object's. */
function schemaAt(schema: unknown, path: readonly PropertyKey[]): unknown {
  const object =
    schema instanceof z.ZodNullable || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const [name, ...rest] = path;
  if (name === undefined) return object;
  return object instanceof z.ZodObject ? schemaAt(object.shape[String(name)], rest) : undefined;
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
