import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { INPUT_ERRORS_MAX } from "../model/limits.ts";
import type { FieldError } from "../lib/field-error.ts";
import type { JobType } from "../model/job-type.ts";

const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false, logger: false });
ajvFormats.default(ajv);

/** Compiled schemas, by the schema object of a job type. Each is dropped once its job type is read anew. */
const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong with a JSON Schema, or undefined when it is one. */
export function findSchemaFault(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return "must be a JSON Schema object";
  // Ajv's own keyword: validation would return a promise, which counts as "valid" and whose rejection nobody
  // handles.
  if ("$async" in schema) return 'must not have "$async"';
  try {
    ajv.compile(schema);
    return undefined;
  } catch (error) {
    return `is not a JSON Schema (draft 2020-12): ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    ajv.removeSchema(schema);
  }
}

/** Why a job type does not accept an input; empty when it does, or when it has no schema. */
export function findInputErrors(jobType: JobType, input: unknown): FieldError[] {
  const { input_schema: schema } = jobType;
  if (typeof schema !== "object" || schema === null) return [];
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    ajv.removeSchema(schema);
    compiled.set(schema, validate);
  }
  if (isValid(validate, input)) return [];
  return (validate.errors ?? []).slice(0, INPUT_ERRORS_MAX).map(toFieldError);
}

/** A schema that refers to itself may need more stack than there is. Such an input counts as not valid. */
function isValid(validate: ValidateFunction, input: unknown): boolean {
  try {
    return validate(input);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    validate.errors = [
      {
        keyword: "$ref",
        instancePath: "",
        schemaPath: "",
        params: {},
        message: "needs a deeper check than the schema allows",
      },
    ];
    return false;
  }
}

function toFieldError(error: ErrorObject): FieldError {
  const extra =
    typeof error.params["additionalProperty"] === "string" ? ` "${error.params["additionalProperty"]}"` : "";
  return {
    pointer: `/input_data${error.instancePath}`,
    message: `${error.message ?? "is not valid"}${extra}`,
  };
}
