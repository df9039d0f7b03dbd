import type { JSX } from "preact";
import { visiblePieces } from "../lib/visible.ts";

/**
 * A text of a stranger. Markup is text, what would not be seen is named, and its direction ends with it.
 */
export function Text({ value }: { readonly value: string }): JSX.Element {
  const pieces = visiblePieces(value);
  return (
    <bdi>
      {pieces.map(({ text, isHidden }) =>
        isHidden ? (
          <span class="hidden-character" title={`${text}: a character that cannot be seen`}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </bdi>
  );
}
