import { OUTPUT_BYTES_MAX } from "../../core/model/limits.ts";
import { JsonText } from "../../core/lib/json-text.ts";
import type { ProcessorContext } from "../sdk/processor.ts";
import { fromThrown, type FromRemote } from "./remote-message.ts";

interface Ending {
  readonly resolve: (output: JsonText | null) => void;
  readonly reject: (error: unknown) => void;
}

/** What a message means for the place where the attempt runs. `broken`: it is of no use any more. */
type Effect = "goes_on" | "ended" | "broken";

/**
 * Does, in the runner, what a message from a thread or a process says. Never throws: the message may come from
 * the processor's own code.
 */
export function tellContext(context: ProcessorContext, message: FromRemote, ending: Ending): Effect {
  try {
    return tell(context, message, ending);
  } catch (error) {
    // What the context refuses fails the attempt, as it would without a thread.
    ending.reject(error);
    return isEnd(message) ? "ended" : "goes_on";
  }
}

function tell(context: ProcessorContext, message: FromRemote, { resolve, reject }: Ending): Effect {
  const isOver = context.signal.aborted;
  switch (message.kind) {
    case "started":
      return "goes_on";
    case "log":
      if (!isOver) context.log[message.level](message.fields, message.message);
      return "goes_on";
    case "progress":
      if (!isOver) context.progress(message.fraction, message.message);
      return "goes_on";
    case "failed":
      reject(fromThrown(message.error));
      return "ended";
    case "done":
      if (message.cost_cents !== undefined && !isOver) context.cost(message.cost_cents);
      resolve(message.outputJson === null ? null : JsonText.received(message.outputJson, OUTPUT_BYTES_MAX));
      return "ended";
    default:
      reject(new Error("The processor sent a message that is none of the platform's"));
      return "broken";
  }
}

function isEnd(message: unknown): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "done";
}
