import { createRedactor, hidesAll, type Redactor } from "../core/lib/redactor.ts";
import { findSecretValues, hasSecrets } from "../core/lib/secret-values.ts";
import { SECRET_FORMS_MAX, SECRET_LENGTH_MIN, SECRETS_MAX } from "../core/model/limits.ts";
import type { ClaimedJob } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import { findSecretSchema } from "../processors/sdk/find-secret-schema.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";

interface Parts {
  readonly job: ClaimedJob;
  readonly jobType: JobType | undefined;
  readonly processors: ProcessorRegistry;
}

/** By the object of a job type that is cached. */
const known = new WeakMap<object, boolean>();

/**
 * Returns what hides the secrets of a job's input in what its attempt tells: the values that the input schema of its
 * type, or that of its processor, marks. Undefined when there are none.
 */
export function attemptRedactor({ job, jobType, processors }: Parts): Redactor | undefined {
  const processor = jobType && processors.get(jobType.processing_logic_id);
  const schemas = [schemaWithSecrets(jobType?.input_schema), processor && findSecretSchema(processor)];
  const values: string[] = [];
  for (const schema of schemas) {
    if (schema === undefined) continue;
    const found = findSecretValues(schema, job.input_data, SECRETS_MAX);
    if (found === undefined) return hidesAll;
    values.push(...found);
  }
  return createRedactor(values, { lengthMin: SECRET_LENGTH_MIN, formsMax: SECRET_FORMS_MAX });
}

function schemaWithSecrets(schema: unknown): object | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  let has = known.get(schema);
  if (has === undefined) known.set(schema, (has = hasSecrets(schema)));
  return has ? schema : undefined;
}
