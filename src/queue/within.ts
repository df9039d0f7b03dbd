/** The work was not done in time. */
export class LateError extends Error {
  override readonly name = "LateError";
}

/** What `work` answers, or a `LateError` after `timeout_ms`. The work itself goes on; its late end is ignored. */
export async function within<T>(timeout_ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let check: NodeJS.Immediate | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // A timer of a loop that was blocked fires before the answers that wait in the sockets are read: they go first.
      check = setImmediate(() => reject(new LateError(`no answer within ${timeout_ms} ms`)));
    }, timeout_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    clearImmediate(check);
  }
}
