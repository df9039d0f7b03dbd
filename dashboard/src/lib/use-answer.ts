import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { watch, type Answer, type Watching } from "./live.ts";

const EVERY_MS = 2_000;

export interface Live<T> extends Answer<T> {
  readonly reload: () => void;
}

/**
 * What the API says of `path`, kept up to date while the component is shown. Undefined asks nothing. What was
 * said of another path is forgotten.
 */
export function useAnswer<T>(path: string | undefined, every_ms = EVERY_MS): Live<T> {
  const [state, setState] = useState<{ readonly path?: string; readonly answer: Answer<T> }>({ answer: {} });
  const watching = useRef<Watching | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) return undefined;
    watching.current = watch<T>(path, every_ms, (answer) => {
      setState((before) =>
        before.path === path && before.answer.data === answer.data && before.answer.error === answer.error
          ? before
          : { path, answer },
      );
    });
    return () => watching.current?.stop();
  }, [path, every_ms]);
  const reload = useCallback(() => watching.current?.reload(), []);
  return { ...(state.path === path ? state.answer : {}), reload };
}
