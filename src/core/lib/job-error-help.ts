import type { ErrorHelp } from "./error-help.ts";

const RELEASED = "Nothing. What the job held was given back when it failed; its attempts cost nothing.";

/**
 * The same for codes that the platform writes into `error` and `errors` of a job. A processor may add codes of its own,
 * which its author documents. `input_invalid` is a code of the API, too, and stands there.
 */
export const JOB_ERROR_HELP = {
  attempt_failed: {
    title: "The processor failed",
    happened: "The code that runs this job type threw an error, or its program ended with one.",
    cost: RELEASED,
    todo: [
      "Read `message` of the job's error, and of each attempt in `errors`.",
      "Retry the job when the cause may have passed: that is a new job with a new hold.",
      "If it fails again, report the job's id to the operator.",
    ],
  },
  timed_out: {
    title: "An attempt took too long",
    happened: "An attempt ran longer than `timeout_seconds` of the job type and was stopped.",
    cost: RELEASED,
    todo: ["Send less input in one job.", "Ask the operator for a longer time if each job needs it."],
  },
  processor_crashed: {
    title: "The processor crashed",
    happened:
      "What ran the attempt ended without an outcome: its process died, or its code left an error behind.",
    cost: RELEASED,
    todo: ["Retry the job.", "If it happens with the same input again, report the job's id to the operator."],
  },
  runner_lost: {
    title: "The job lost its runners",
    happened:
      "The runners that ran this job alone died, several in a row, so it is not given to another one.",
    cost: RELEASED,
    todo: ["Report the job's id to the operator: its input may be what ends a runner."],
  },
  output_invalid: {
    title: "The output is not valid",
    happened: "The processor returned what it promises not to return, or what cannot be stored as JSON.",
    cost: RELEASED,
    todo: ["Report the job's id to the operator: the processor must be mended."],
  },
  output_too_large: {
    title: "The output is too large",
    happened: "The processor wrote more than an output may have: 1 MiB.",
    cost: RELEASED,
    todo: ["Send less input in one job.", "Report the job's id to the operator."],
  },
  unknown_processor: {
    title: "A runner lacks the processor",
    happened: "The runner that took the job does not have the code of its job type.",
    cost: RELEASED,
    todo: ["Report it to the operator: every runner needs every processor.", "Then retry the job."],
  },
} as const satisfies Readonly<Record<string, ErrorHelp & { readonly title: string }>>;
