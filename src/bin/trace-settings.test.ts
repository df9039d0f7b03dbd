import { expect, test } from "vitest";
import { readTraceSettings } from "./trace-settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test.each<[string, Record<string, string>, boolean]>([
  ["nothing is set", {}, false],
  ["an endpoint", ENDPOINT, true],
  ["an endpoint of traces alone", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1/v1/traces" }, true],
  ["the exporter otlp, for the usual endpoint", { OTEL_TRACES_EXPORTER: "otlp" }, true],
  ["an endpoint and no exporter", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, false],
  ["an endpoint, and the SDK disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" }, false],
  ["an endpoint, and the SDK not disabled", { ...ENDPOINT, OTEL_SDK_DISABLED: "false" }, true],
  ["variables that are set but empty", { OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_TRACES_EXPORTER: "" }, false],
  ["the protocol by its name", { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, true],
  ["only a name of the service", { OTEL_SERVICE_NAME: "queue" }, false],
])("%s", (_what, environment, isOn) => {
  expect(readTraceSettings(environment)).toEqual({ isOn, warnings: [] });
});

test.each<[Record<string, string>, RegExp]>([
  [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /^OTEL_EXPORTER_OTLP_PROTOCOL=grpc: only http/],
  [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" }, /=http\/json: only http\/protobuf/],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "zipkin" }, /^OTEL_TRACES_EXPORTER=zipkin: only otlp/],
])("what cannot be had is off, and one line says so: %j", (environment, said) => {
  const { isOn, warnings } = readTraceSettings(environment);
  expect(isOn).toBe(false);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(said);
});
