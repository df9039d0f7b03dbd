import { parentPort } from "node:worker_threads";
import { compileSchema, type CompiledSchema } from "../core/lib/json-schema/compile-schema.ts";
import { SchemaFault } from "../core/lib/json-schema/schema-fault.ts";
import { INPUT_ERRORS_MAX } from "../core/model/limits.ts";
import type { FromSchemaThread, ToSchemaThread } from "./thread-messages.ts";

// The thread's side of `SchemaThread`: compiles and checks without a limit, because it is ended from outside.

const compiled = new Map<number, CompiledSchema>();

parentPort?.on("message", (message: ToSchemaThread) => {
  if (message.forget === true) compiled.clear();
  try {
    const schema = schemaOf(message);
    const input: unknown = message.input === undefined ? undefined : JSON.parse(message.input);
    const errors =
      message.input === undefined ? [] : schema.findErrors(input, { steps: Infinity }, INPUT_ERRORS_MAX);
    send({ kind: "checked", errors });
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    send({ kind: "fault", fault: error.describe() });
  }
});
send({ kind: "ready" });

function schemaOf({ number, text }: ToSchemaThread): CompiledSchema {
  const known = compiled.get(number);
  if (known !== undefined) return known;
  if (text === undefined) throw new Error("a schema came without its text");
  const schema = compileSchema(JSON.parse(text));
  compiled.set(number, schema);
  send({ kind: "compiled" });
  return schema;
}

function send(message: FromSchemaThread): void {
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message);
}
