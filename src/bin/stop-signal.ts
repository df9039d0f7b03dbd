/** How often a process that must not outlive its parent checks that the parent still runs. */
const PARENT_CHECK_MS = 500;

export interface StopSignal {
  /** Resolves when the process is asked to stop. */
  readonly asked: Promise<void>;
  /** Resolves when it is asked again: now, without any grace. */
  readonly askedAgain: Promise<void>;
}

/**
 * SIGTERM, SIGINT and SIGHUP ask the process to stop. With `withParent`, so does the death of its parent:
 * `npm start` that is killed with -9 would otherwise leave this process behind.
 */
export function listenForStop({ withParent = false } = {}): StopSignal {
  let count = 0;
  const [asked, askedAgain] = [signal(), signal()];
  const ask = (): void => {
    count += 1;
    (count === 1 ? asked : askedAgain).fire();
  };
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, ask);
  if (withParent) {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      ask();
    }, PARENT_CHECK_MS);
    timer.unref();
  }
  return { asked: asked.fired, askedAgain: askedAgain.fired };
}

function signal(): { fire: () => void; fired: Promise<void> } {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fire: () => fire(), fired };
}
