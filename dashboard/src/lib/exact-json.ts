/** A number as it was sent, where a JavaScript number would show another one: 0.10, 12345678901234567890. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return RAW_JSON?.(this.text) ?? Number(this.text);
  }
}

/** Newer than the types: what stood in the source, and how to write it again. */
type SourceReviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;
const RAW_JSON = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;

/** Parses JSON. A number that JavaScript would change becomes an `ExactNumber`. */
export function parseExact(text: string): unknown {
  const keepNumbers: SourceReviver = (_key, value, context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? new ExactNumber(context.source)
      : value;
  return JSON.parse(text, keepNumbers);
}
