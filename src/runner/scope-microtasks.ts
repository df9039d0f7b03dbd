import { currentScope } from "../processors/sdk/code-scope.ts";

/**
 * From now on an error thrown in a microtask of a processor is known for its own. Before Node 24 it would
 * arrive without its attempt.
 */
export function scopeMicrotasks(): void {
  const plain = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (callback) => {
    if (currentScope() === undefined || typeof callback !== "function") return plain(callback);
    plain(() => {
      try {
        callback();
      } catch (error) {
        // A tick keeps the scope.
        process.nextTick(() => {
          throw error;
        });
      }
    });
  };
}
