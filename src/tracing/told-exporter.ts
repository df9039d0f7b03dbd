import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import { cut } from "../core/lib/cut.ts";

/** Characters of what an exporter says of a fault. */
const FAULT_MAX = 200;

type Done = Parameters<SpanExporter["export"]>[1];

/** An exporter that says once when spans are lost, and once when they arrive again, with how many were lost. */
export class ToldExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Logger;
  #lost = 0;

  constructor(exporter: SpanExporter, log: Logger) {
    this.#exporter = exporter;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#tellArrived();
      else this.#tellLost(spans.length, result.error);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  #tellLost(spans: number, error: Error | undefined): void {
    if (this.#lost === 0)
      this.#log.warn(
        { reason: cut(error?.message ?? "unknown", FAULT_MAX) },
        "the collector does not take traces: they are dropped until it does, and jobs go on",
      );
    this.#lost += spans;
  }

  #tellArrived(): void {
    if (this.#lost > 0) this.#log.info({ lost: this.#lost }, "the collector takes traces again");
    this.#lost = 0;
  }
}
