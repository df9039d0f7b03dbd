import type { JSX } from "preact";
import { query, withQuery } from "../lib/place.ts";

/** Pages go by a cursor: older ones have an address, back leads to the newer. */
export function Pager({ next }: { readonly next: string | null | undefined }): JSX.Element | null {
  const isFirst = !query.value.has("cursor");
  if (isFirst && !next) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {isFirst ? null : <a href={withQuery({ cursor: undefined })}>Newest</a>}
      {next ? <a href={withQuery({ cursor: next })}>Older</a> : <span class="quiet">The end</span>}
    </nav>
  );
}
