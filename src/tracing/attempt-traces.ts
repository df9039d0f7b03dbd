import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { Logger } from "pino";
import { within } from "../core/lib/within.ts";
import type { ClaimedJob, Outcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import { TRACES_READ_MS } from "../core/model/limits.ts";
import type { AttemptTraces, TraceRepository } from "../core/model/traces.ts";
import { extractTrace, traceBelow } from "./carry.ts";

interface Parts {
  readonly tracer: Tracer;
  /** Of attempts after the first one. It records all. */
  readonly laterTracer: Tracer;
  readonly repository: TraceRepository;
  readonly log: Logger;
}

/**
 * Spans of attempts and of their settles. The first attempt of a job is in the trace that submitted it. A later
 * one may come hours afterwards: it has a trace of its own, with a link to that one (ADR 32).
 */
export function createAttemptTraces({ tracer, laterTracer, repository, log }: Parts): AttemptTraces {
  return {
    async find(jobs) {
      try {
        return await within(TRACES_READ_MS, repository.find(jobs.map(({ id }) => id)));
      } catch (error) {
        log.debug({ err: error }, "the traces of claimed jobs cannot be read: they are not traced");
        return new Map();
      }
    },
    begin(job, jobType, submitted) {
      const parent = extractTrace(submitted);
      const submission = trace.getSpanContext(parent);
      // Who was told to record nothing of the submission records nothing of any attempt.
      const isSampled = submission !== undefined && (submission.traceFlags & TraceFlags.SAMPLED) !== 0;
      const isLater = job.attempt > 1 && isSampled;
      const name = `process ${jobType?.name ?? job.job_type_id}`;
      const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(job, jobType) };
      const span = isLater
        ? laterTracer.startSpan(name, { ...options, links: [{ context: submission }] }, ROOT_CONTEXT)
        : tracer.startSpan(name, options, parent);
      const active = trace.setSpan(ROOT_CONTEXT, span);
      let settle: Span | undefined;
      return {
        traceId: span.spanContext().traceId,
        context: traceBelow(span),
        around: (work) => context.with(active, work),
        ran(outcome) {
          noteOutcome(span, outcome);
          span.end();
          if (outcome) settle = startSettle(isLater ? laterTracer : tracer, job, active);
        },
        settled(how, cost_cents) {
          settle?.setAttribute("iep.settle", how);
          if (how === "written") settle?.setAttribute("iep.charged_cents", cost_cents);
          else settle?.setStatus({ code: SpanStatusCode.ERROR });
          settle?.end();
        },
      };
    },
  };
}

function startSettle(tracer: Tracer, { id }: ClaimedJob, parent: typeof ROOT_CONTEXT): Span {
  const attributes = {
    "messaging.system": "iep",
    "messaging.operation.name": "settle",
    "messaging.operation.type": "settle",
    "messaging.message.id": id,
  };
  return tracer.startSpan("settle", { kind: SpanKind.CLIENT, attributes }, parent);
}

function attributesOf(job: ClaimedJob, jobType: JobType | undefined): Attributes {
  return {
    "messaging.system": "iep",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": jobType?.name ?? job.job_type_id,
    "messaging.message.id": job.id,
    "iep.attempt": job.attempt,
    "iep.priority": job.priority,
    "iep.processor": jobType?.processing_logic_id,
    "iep.customer_id": job.customer_id,
  };
}

/** Its code alone: the message of an error may have what is nobody else's business. */
function noteOutcome(span: Span, outcome: Outcome | undefined): void {
  span.setAttribute("iep.outcome", outcome?.kind ?? "dropped");
  if (outcome?.kind !== "failed" && outcome?.kind !== "retry") return;
  span.setAttribute("error.type", outcome.error.code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
