import type { Job } from "./job.ts";

/** The job of all examples: in the reference of the API, and in what webhooks send. */
export const JOB_EXAMPLE: Job = {
  id: "019ab1f1-0a77-7e54-8f8d-3b1b6a4f9c01",
  customer_id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
  job_type_id: "019ab1f0-5d33-7b60-93b1-0e7f5a9c1b22",
  status: "succeeded",
  priority: 1,
  input_data: { text: "The quick brown fox. It jumps." },
  output_data: { words: 6 },
  error: null,
  errors: [],
  estimated_cost_cents: 5,
  cost_cents: 5,
  attempt: 1,
  excused_attempts: 0,
  max_attempts: 3,
  retry_of: null,
  run_at: "2026-11-23T21:06:45.010203Z",
  waiting_for: null,
  created_at: "2026-11-23T21:06:45.010203Z",
  started_at: "2026-11-23T21:06:45.02Z",
  completed_at: "2026-11-23T21:06:45.03Z",
  runner_id: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
  progress: { fraction: 1, message: "6 words", at: "2026-11-23T21:06:45.029Z" },
};
