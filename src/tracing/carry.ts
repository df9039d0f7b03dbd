import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { TRACESTATE_LENGTH_MAX } from "../core/model/limits.ts";
import type { TraceContext } from "../core/model/traces.ts";

const propagator = new W3CTraceContextPropagator();

/** Reads headers. What is not valid by W3C Trace Context counts as nothing. */
export function extractTrace(headers: object): Context {
  return propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

/** Where the trace goes on below a span. */
export function traceBelow(span: Span): TraceContext {
  const carrier: { traceparent: string; tracestate?: string } = { traceparent: "" };
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  const { traceparent, tracestate } = carrier;
  // A trace must never be why a job cannot be stored.
  return tracestate === undefined || tracestate.length > TRACESTATE_LENGTH_MAX ? { traceparent } : carrier;
}
