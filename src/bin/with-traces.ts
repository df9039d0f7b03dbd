import type { Logger } from "pino";
import type { OpenTraces } from "../tracing/open-traces.ts";
import { readTraceSettings } from "./trace-settings.ts";

/**
 * Runs a process with its traces, and sends what is left of them at its end. Undefined where they are off:
 * then no code of OpenTelemetry is loaded.
 */
export async function withTraces(
  { environment, service, log }: { environment: NodeJS.ProcessEnv; service: string; log: Logger },
  run: (traces: OpenTraces | undefined) => Promise<number>,
): Promise<number> {
  const { isOn, warnings } = readTraceSettings(environment);
  for (const line of warnings) log.warn(line);
  if (!isOn) return await run(undefined);
  const { openTraces } = await import("../tracing/open-traces.ts");
  const traces = openTraces(service, log);
  try {
    return await run(traces);
  } finally {
    await traces.close();
  }
}
