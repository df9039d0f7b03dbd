/** The form of a customer's key. What looks like the beginning of one is hidden, too. */
const KEY = /iep_[\w-]{4,}/g;

/** The text with every customer's key in it hidden, for a log. */
export function withoutKeys(text: string): string {
  return text.includes("iep_") ? text.replaceAll(KEY, "iep_[redacted]") : text;
}
