/** Whether a process traces, as the standard variables of OpenTelemetry say. */
export interface TraceSettings {
  readonly isOn: boolean;
  /** What was asked for and cannot be had, a line each. */
  readonly warnings: readonly string[];
}

/** The only way that spans leave this process. */
const PROTOCOL = "http/protobuf";

/**
 * Traces are on when an endpoint or the exporter `otlp` is named, unless OTEL_SDK_DISABLED is true or the
 * exporter is `none`. These variables are for every program on a host: what we cannot do with them is a
 * warning, and no fault.
 */
export function readTraceSettings(environment: NodeJS.ProcessEnv): TraceSettings {
  const read = (name: string): string => (environment[name] ?? "").trim();
  const off = (...warnings: string[]): TraceSettings => ({ isOn: false, warnings });
  const exporters = read("OTEL_TRACES_EXPORTER")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const hasEndpoint = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].some(
    (name) => read(name) !== "",
  );
  if (read("OTEL_SDK_DISABLED").toLowerCase() === "true" || exporters.includes("none")) return off();
  if (exporters.length === 0 && !hasEndpoint) return off();
  if (exporters.length > 0 && !exporters.includes("otlp"))
    return off(
      `OTEL_TRACES_EXPORTER=${exporters.join(",")}: only otlp and none are known, nothing is traced`,
    );
  const protocol =
    read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") || read("OTEL_EXPORTER_OTLP_PROTOCOL") || PROTOCOL;
  if (protocol !== PROTOCOL)
    return off(`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}: only ${PROTOCOL} is known, nothing is traced`);
  return { isOn: true, warnings: [] };
}
