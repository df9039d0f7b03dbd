import { ConnectionError } from "./iep-error.ts";

/** A CR at the end may be the first half of CRLF: it is left until more comes. */
const LINE_END = /\r\n|\n|\r(?!$)/;
/** Characters of one event. The API's are far smaller. */
const EVENT_MAX = 4 * 1_048_576;

/** Nothing comes, although the connection is open: something on the way may hold it back. */
export class SilentStream extends ConnectionError {}

interface Hearing {
  /** How long the stream may be silent at first, and later: the API sends a comment every 15 s. */
  readonly first_ms: number;
  readonly silence_ms: number;
  /** Called for whatever comes, also a comment. */
  readonly heard: () => void;
}

/**
 * The data of server-sent events, as they come. Ends with the stream. Throws a `ConnectionError` when nothing
 * comes for too long, and what the stream throws. An event without its end is dropped: it comes again.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { first_ms, silence_ms, heard }: Hearing,
): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let wait_ms = first_ms;
  try {
    for (;;) {
      const { done, value } = await within(wait_ms, reader.read().catch(broken));
      if (done) return;
      heard();
      wait_ms = silence_ms;
      const lines = (rest + decoder.decode(value, { stream: true })).split(LINE_END);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        // A blank line ends an event. Other fields than data are not needed: the data has them, too.
        if (line !== "") data.push(...dataOf(line));
        else if (data.length > 0) {
          yield data.join("\n");
          data = [];
        }
      }
      if (rest.length > EVENT_MAX) throw new ConnectionError("The stream of events sends no end of a line.");
    }
  } finally {
    // Closes the connection, also when the reader of the events has left.
    await reader.cancel().catch(() => undefined);
  }
}

/** What a cut connection throws is a TypeError; anything else is the reason of a signal. */
function broken(error: unknown): never {
  if (error instanceof TypeError)
    throw new ConnectionError("The stream of events broke off.", { cause: error });
  throw error;
}

function dataOf(line: string): string[] {
  const value = /^data(?:: ?([^]*))?$/.exec(line);
  return value ? [value[1] ?? ""] : [];
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new SilentStream(`The stream of events was silent for ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
