/** The work was not done in time. */
export class LateError extends Error {
  override readonly name = "LateError";
}

/**
 * Resolves as `work` does, or rejects after `timeout_ms` with what `late` creates: a `LateError` by default.
 * The work itself goes on, and how it ends later is ignored.
 */
export async function within<T>(
  timeout_ms: number,
  work: Promise<T>,
  late: () => Error = () => new LateError(`no reply within ${timeout_ms} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let check: NodeJS.Immediate | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // After the event loop was blocked, timers fire before sockets are read. Let a reply that is already
      // there win.
      check = setImmediate(() => reject(late()));
    }, timeout_ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    clearImmediate(check);
  }
}
