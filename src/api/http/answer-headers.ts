/** On every answer. What it says is for its reader alone, and is what its content type says it is. */
export const ANSWER_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;
