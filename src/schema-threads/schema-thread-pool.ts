import { PlatformError } from "../core/lib/errors.ts";
import { CHECK_PATIENCE_MS, CHECK_THREADS_MAX, CHECKS_WAITING_MAX } from "../core/model/limits.ts";
import type { NumberedSchema, SchemaThreads, ThreadReply } from "../core/model/schema-threads.ts";
import { SchemaThread } from "./schema-thread.ts";

interface Waiting {
  readonly customer_id: string;
  readonly schema: NumberedSchema;
  readonly input?: unknown;
  readonly since: number;
  readonly resolve: (reply: ThreadReply) => void;
  readonly reject: (error: unknown) => void;
}

/** Who compiles for an operator takes turns as a customer does. */
const OPERATOR = "";
/** Of the threads: one is always left to the others. */
const PER_CUSTOMER_MAX = Math.max(1, CHECK_THREADS_MAX - 1);

/** A few threads, started when they are first needed. Customers take turns. */
export class SchemaThreadPool implements SchemaThreads {
  readonly #threads = new Set<SchemaThread>();
  readonly #idle: SchemaThread[] = [];
  /** Of each customer, in the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #running = new Map<string, number>();
  #waitingCount = 0;
  #isClosed = false;

  async compile(schema: NumberedSchema): Promise<ThreadReply> {
    return await this.#add({ customer_id: OPERATOR, schema });
  }

  async check(schema: NumberedSchema, input: unknown, customer_id: string): Promise<ThreadReply> {
    return await this.#add({ customer_id, schema, input });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #add(work: Omit<Waiting, "since" | "resolve" | "reject">): Promise<ThreadReply> {
    if (this.#isClosed || this.#waitingCount >= CHECKS_WAITING_MAX) throw tooMany();
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(work.customer_id) ?? [];
      queue.push({ ...work, since: performance.now(), resolve, reject });
      this.#waiting.set(work.customer_id, queue);
      this.#waitingCount += 1;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    this.#refuseLate();
    while (this.#idle.length > 0 || this.#threads.size < CHECK_THREADS_MAX) {
      const next = this.#takeNext();
      if (next === undefined) return;
      const { customer_id } = next;
      this.#running.set(customer_id, (this.#running.get(customer_id) ?? 0) + 1);
      const ended = (): void => {
        const running = (this.#running.get(customer_id) ?? 1) - 1;
        if (running === 0) this.#running.delete(customer_id);
        else this.#running.set(customer_id, running);
      };
      (this.#idle.pop() ?? this.#grow()).run({
        schema: next.schema,
        input: next.input,
        resolve(reply) {
          ended();
          next.resolve(reply);
        },
        reject(error) {
          ended();
          next.reject(
            new PlatformError("unavailable", "Inputs cannot be checked now. Try again.", { cause: error }),
          );
        },
      });
    }
  }

  /** The next of the customer whose turn it is. He is the last then. */
  #takeNext(): Waiting | undefined {
    for (const [customer_id, queue] of this.#waiting) {
      if ((this.#running.get(customer_id) ?? 0) >= PER_CUSTOMER_MAX) continue;
      const next = queue.shift();
      this.#waiting.delete(customer_id);
      if (queue.length > 0) this.#waiting.set(customer_id, queue);
      if (next === undefined) continue;
      this.#waitingCount -= 1;
      return next;
    }
    return undefined;
  }

  #refuseLate(): void {
    const oldest = performance.now() - CHECK_PATIENCE_MS;
    for (const [customer_id, queue] of this.#waiting) {
      while (queue[0] !== undefined && queue[0].since < oldest) {
        queue.shift()?.reject(tooMany());
        this.#waitingCount -= 1;
      }
      if (queue.length === 0) this.#waiting.delete(customer_id);
    }
  }

  #grow(): SchemaThread {
    const thread = new SchemaThread((freed) => {
      if (freed.hasEnded) {
        this.#threads.delete(freed);
        const at = this.#idle.indexOf(freed);
        if (at >= 0) this.#idle.splice(at, 1);
      } else this.#idle.push(freed);
      if (!this.#isClosed) this.#dispatch();
    });
    this.#threads.add(thread);
    return thread;
  }
}

function tooMany(): PlatformError {
  return new PlatformError("unavailable", "Too many inputs wait to be checked. Try again.");
}
