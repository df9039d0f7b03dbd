import { SpanKind, SpanStatusCode, trace, TraceFlags, type Span, type Tracer } from "@opentelemetry/api";
import { PlatformError } from "../core/lib/errors.ts";
import type { RequestTraces, SubmissionTrace } from "../core/model/traces.ts";
import { extractTrace, traceBelow } from "./carry.ts";

/** From here on a status is a fault of the server: only those are errors of its span. */
const SERVER_FAULT = 500;

/** Spans of requests, below the trace that the client sent, and of the submissions in them. */
export function createRequestTraces(tracer: Tracer): RequestTraces {
  return {
    begin({ method, route, headers }) {
      const parent = extractTrace(headers);
      const isFromClient = trace.getSpanContext(parent) !== undefined;
      const span = tracer.startSpan(
        `${method} ${route}`,
        { kind: SpanKind.SERVER, attributes: { "http.request.method": method, "http.route": route } },
        parent,
      );
      return {
        traceId: span.spanContext().traceId,
        submit(jobs) {
          const submission = tracer.startSpan(
            "submit",
            {
              kind: SpanKind.PRODUCER,
              attributes: {
                "messaging.system": "iep",
                "messaging.operation.name": "submit",
                "messaging.operation.type": "send",
                "messaging.batch.message_count": jobs,
              },
            },
            trace.setSpan(parent, span),
          );
          return submissionTrace(submission, isFromClient);
        },
        end(status) {
          span.setAttribute("http.response.status_code", status);
          if (status >= SERVER_FAULT) {
            span.setAttribute("error.type", String(status));
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
  };
}

/** A client's own trace goes on even where we were told to record nothing of it: others may. */
function submissionTrace(span: Span, isFromClient: boolean): SubmissionTrace {
  const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  return {
    context: isSampled || isFromClient ? traceBelow(span) : undefined,
    end(submitted) {
      const stored = submitted.flatMap((one) => ("job" in one ? [one.job] : []));
      const [job] = stored;
      if (job && submitted.length === 1) span.setAttribute("messaging.message.id", job.id);
      span.setAttribute("iep.jobs.stored", stored.length);
      span.end();
    },
    fail(error) {
      span.setAttribute("error.type", error instanceof PlatformError ? error.code : "internal_error");
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
