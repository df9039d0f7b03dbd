import type { JSX } from "preact";
import { awaySince } from "../lib/http.ts";
import { duration, now } from "../lib/time.ts";

/** The API is away: what is shown is old, and the page recovers by itself. */
export function Banner(): JSX.Element {
  const since = awaySince.value;
  return (
    <div role="status" class={since === undefined ? "banner none" : "banner"}>
      {since === undefined ? null : (
        <>
          The API does not answer. What you see is as it was{" "}
          <span aria-hidden="true">{duration(Math.max(1_000, now.value - since))} ago</span>; this page tries
          again by itself.
        </>
      )}
    </div>
  );
}
