import { expect, test } from "vitest";
import { findAttention } from "./find-attention.ts";

/** What is said of one type that nobody serves, and of two failures, when each counts so many jobs. */
function saysOf(jobs: number): string[] {
  const unserved = { job_type_id: "t", name: "OCR", processing_logic_id: "ocr", waiting: jobs };
  const failure = { fingerprint: "f", job_type_id: "t", typeName: "OCR", code: "x", pattern: "no", jobs };
  const items = findAttention({
    queue: {
      paused_at: null,
      priorities: [],
      unserved: [unserved],
      ready_queue: null,
      ready_queue_status: "ok",
    },
    audit: { status: "clean", checked_at: null, took_ms: null, requested_at: null, promises: [] },
    runners: 1,
    uncounted_seconds: 0,
    rising: [
      { ...failure, isNew: true },
      { ...failure, isNew: false },
    ],
    failing_endpoints: jobs,
  });
  return items.map(({ says }) => says);
}

test("one job is told as one, and more as more", () => {
  expect(saysOf(1)).toEqual([
    "1 job of OCR waits, and no living runner serves ocr.",
    "New within the hour: OCR fails with x: no (1 job in 15 min).",
    "More often than before: OCR fails with x: no (1 job in 15 min).",
    "1 webhook endpoint fails: nothing can be delivered there.",
  ]);
  expect(saysOf(2)).toEqual([
    "2 jobs of OCR wait, and no living runner serves ocr.",
    "New within the hour: OCR fails with x: no (2 jobs in 15 min).",
    "More often than before: OCR fails with x: no (2 jobs in 15 min).",
    "2 webhook endpoints fail: nothing can be delivered there.",
  ]);
});
