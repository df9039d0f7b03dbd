import type { ErrorCode } from "../../core/lib/errors.ts";

/** The path of the page that explains a code: the `type` of its problems. */
export function errorPath(code: ErrorCode): string {
  return `/docs/errors/${code}`;
}
