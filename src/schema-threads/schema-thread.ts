import { Worker } from "node:worker_threads";
import {
  CHECK_HEAP_MB,
  CHECK_MAX_MS,
  SCHEMA_COMPILE_MAX_MS,
  THREAD_SCHEMAS_KEPT_MAX,
} from "../core/model/limits.ts";
import type { NumberedSchema, ThreadReply } from "../core/model/schema-threads.ts";
import type { FromSchemaThread, ToSchemaThread } from "./thread-messages.ts";

/** From the sources it begins with JavaScript that registers tsx; the built package needs no such step. */
const ENTRY = import.meta.url.endsWith(".ts") ? "./schema-thread-entry.mjs" : "./schema-thread-main.js";

interface Work {
  readonly schema: NumberedSchema;
  /** Left out: the schema is only compiled. */
  readonly input?: unknown;
  readonly resolve: (reply: ThreadReply) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker thread that does one check at a time, within a time. Of no use once it `hasEnded`. */
export class SchemaThread {
  readonly #worker: Worker;
  readonly #onFree: (thread: SchemaThread) => void;
  readonly #known = new Set<number>();
  #work: Work | undefined;
  #isReady = false;
  #hasEnded = false;
  #deadline: NodeJS.Timeout | undefined;

  /** `onFree`: called when it can take the next check, and when it has ended. */
  constructor(onFree: (thread: SchemaThread) => void) {
    this.#onFree = onFree;
    this.#worker = new Worker(new URL(ENTRY, import.meta.url), {
      name: "iep-schemas",
      // What this process was started with, a test runner's hooks for one, is not for it.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: CHECK_HEAP_MB },
    });
    this.#worker.on("message", (message: FromSchemaThread) => this.#take(message));
    // It ends then: `exit` says the rest. Too much memory is a reason.
    this.#worker.on("error", () => {});
    this.#worker.on("exit", () => this.#exit());
    this.#worker.unref();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Gives it work; once, until it is free again. */
  run(work: Work): void {
    this.#work = work;
    this.#worker.ref();
    if (this.#isReady) this.#begin(work);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** The time counts from here: a thread that starts needs its own. */
  #begin({ schema, input }: Work): void {
    const isNew = !this.#known.has(schema.number);
    const forget = isNew && this.#known.size >= THREAD_SCHEMAS_KEPT_MAX;
    if (forget) this.#known.clear();
    this.#known.add(schema.number);
    this.#limit(isNew ? SCHEMA_COMPILE_MAX_MS : CHECK_MAX_MS);
    this.#send({
      number: schema.number,
      ...(isNew ? { text: schema.text } : {}),
      ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      forget,
    });
  }

  #limit(ms: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => void this.#worker.terminate(), ms);
  }

  #send(message: ToSchemaThread): void {
    // A thread has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  #take(message: FromSchemaThread): void {
    const work = this.#work;
    switch (message.kind) {
      case "ready":
        this.#isReady = true;
        if (work) this.#begin(work);
        break;
      case "compiled":
        this.#limit(CHECK_MAX_MS);
        break;
      case "checked":
        work?.resolve({ errors: message.errors });
        this.#free();
        break;
      case "fault":
        // It kept nothing under that number.
        if (work) this.#known.delete(work.schema.number);
        work?.resolve({ fault: message.fault });
        this.#free();
        break;
    }
  }

  #exit(): void {
    this.#hasEnded = true;
    if (this.#isReady) this.#work?.resolve({ late: true });
    else this.#work?.reject(new Error("A thread that checks inputs did not start"));
    this.#free();
  }

  #free(): void {
    clearTimeout(this.#deadline);
    this.#work = undefined;
    this.#worker.unref();
    this.#onFree(this);
  }
}
