import { useEffect, useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { post } from "./http.ts";
import { Problem } from "./problem.ts";

interface Estimate {
  readonly price?: Api["JobEstimate"];
  readonly problem?: Problem;
}

/** Typing goes on; the question is asked when it rests. */
const REST_MS = 250;

/** What a job would cost, while it is being written; undefined asks nothing. */
export function useEstimate(body: unknown): Estimate {
  const [estimate, setEstimate] = useState<Estimate>({});
  const text = body === undefined ? "" : JSON.stringify(body);
  useEffect(() => {
    if (text === "") {
      setEstimate({});
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void post<Api["JobEstimate"]>("/jobs/estimate", body, { signal: stop.signal }).then(
        (price) => setEstimate({ price }),
        (error: unknown) => {
          if (error instanceof Problem) setEstimate({ problem: error });
        },
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // The text stands for the body, which is another object each time.
  }, [text]);
  return estimate;
}
