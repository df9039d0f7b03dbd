import { context, diag, DiagLogLevel, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import { VERSION } from "../core/lib/version.ts";
import { within } from "../core/lib/within.ts";
import { TRACES_CLOSE_MS } from "../core/model/limits.ts";
import type { AttemptTraces, RequestTraces, TraceRepository } from "../core/model/traces.ts";
import { createAttemptTraces } from "./attempt-traces.ts";
import { createRequestTraces } from "./request-traces.ts";
import { ToldExporter } from "./told-exporter.ts";

/** The traces of a process. */
export interface OpenTraces {
  /** What an API tells. */
  readonly requests: RequestTraces;
  /** What a runner tells. `repository` has the traces of jobs. */
  attempts(repository: TraceRepository): AttemptTraces;
  /** Sends what is left, for `TRACES_CLOSE_MS` at most. Never rejects. */
  close(): Promise<void>;
}

/**
 * Starts OpenTelemetry, once a process. Its own packages read the standard `OTEL_*` variables. Spans wait in
 * memory, so many at most, and go to the collector in the background: one that is away costs spans and nothing
 * else. `service` is the name where no variable has one.
 */
export function openTraces(service: string, log: Logger): OpenTraces {
  // While it starts it says which variables are wrong. Later it would say so of each export that fails.
  diag.setLogger(warnings(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ "service.name": service, "service.version": VERSION }))
    .merge(detectResources({ detectors: [envDetector] }));
  const spanProcessors = [new BatchSpanProcessor(new ToldExporter(new OTLPTraceExporter(), log))];
  const provider = new BasicTracerProvider({ resource, spanProcessors });
  // The later attempts of a job that is recorded: their traces are new, and no sampler is to decide again.
  const recording = new BasicTracerProvider({ resource, spanProcessors, sampler: new AlwaysOnSampler() });
  diag.disable();
  // For processors that use OpenTelemetry's API themselves, and for libraries below them.
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracer = provider.getTracer("iep", VERSION);
  const laterTracer = recording.getTracer("iep", VERSION);
  return {
    requests: createRequestTraces(tracer),
    attempts: (repository) => createAttemptTraces({ tracer, laterTracer, repository, log }),
    async close() {
      await within(TRACES_CLOSE_MS, provider.shutdown()).catch(() => undefined);
    },
  };
}

function warnings(log: Logger) {
  const warn = (message: string): void => log.warn(`OpenTelemetry: ${message}`);
  const ignore = (): void => undefined;
  return { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
}
