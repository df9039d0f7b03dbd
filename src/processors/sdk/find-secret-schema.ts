import { hasSecrets } from "../../core/lib/secret-values.ts";
import type { Processor } from "./processor.ts";

const known = new WeakMap<Processor, { readonly schema: object | undefined }>();

/**
 * The JSON Schema of what a processor takes, with what zod's `meta` says of it, when it says of anything that it is
 * secret. Undefined when it does not.
 */
export function findSecretSchema(processor: Processor): object | undefined {
  let found = known.get(processor);
  if (found === undefined) known.set(processor, (found = { schema: read(processor) }));
  return found.schema;
}

function read({ input, input_schema }: Processor): object | undefined {
  try {
    const schema = input_schema ?? input?.toJSONSchema({ io: "input", unrepresentable: "any" });
    return schema !== undefined && hasSecrets(schema) ? schema : undefined;
  } catch {
    // A schema of a zod that cannot write it, or one that nobody can write as JSON.
    return undefined;
  }
}
