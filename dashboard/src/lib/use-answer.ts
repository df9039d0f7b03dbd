import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { watch, type Answer, type Rhythm, type Watching } from "./live.ts";

const EVERY_MS = 2_000;

export interface Live<T> extends Answer<T> {
  readonly reload: () => void;
}

type Told = Omit<Rhythm, "every_ms">;

/** An answer that shows any job: it is asked for again when one changes. */
export const OF_JOBS: Told = { of: "jobs" };
/** The same of what the API works harder for, and which also shows what is no job. */
export const OF_THE_QUEUE: Told = { of: "jobs", apart_ms: 1_000, told_every_ms: 5_000 };

/**
 * What the API says of `path`, kept up to date while the component is shown. Undefined asks nothing. What was
 * said of another path is forgotten.
 */
export function useAnswer<T>(
  path: string | undefined,
  every_ms = EVERY_MS,
  { of, apart_ms, told_every_ms }: Told = {},
): Live<T> {
  const [state, setState] = useState<{ readonly path?: string; readonly answer: Answer<T> }>({ answer: {} });
  const watching = useRef<Watching | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) return undefined;
    watching.current = watch<T>(path, { every_ms, of, apart_ms, told_every_ms }, (answer) => {
      setState((before) =>
        before.path === path && before.answer.data === answer.data && before.answer.error === answer.error
          ? before
          : { path, answer },
      );
    });
    return () => watching.current?.stop();
  }, [path, every_ms, of, apart_ms, told_every_ms]);
  const reload = useCallback(() => watching.current?.reload(), []);
  return { ...(state.path === path ? state.answer : {}), reload };
}
