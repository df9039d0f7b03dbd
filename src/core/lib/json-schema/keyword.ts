import type { Check, Node } from "./run.ts";

/** What a keyword is built from. */
export interface Parts {
  /** The schema object in which the keyword stands. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** A subschema, ready to be run. */
  readonly compile: (subschema: unknown) => Node;
  /** What a `$ref` or `$dynamicRef` leads to, and the name by which the scope may have another one. */
  readonly resolve: (
    reference: string,
    keyword: string,
  ) => { readonly node: Node; readonly dynamicAnchor: string | undefined };
  /** False when references may lead elsewhere on another way: a `$dynamicRef` is in the document. */
  readonly isFixed: () => boolean;
}

/** Builds a keyword's check. `checkForms` has seen its value; undefined when it demands nothing. */
export type Keyword = (value: unknown, parts: Parts) => Check | undefined;
