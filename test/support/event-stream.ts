/** An event as it came. */
export interface ToldEvent {
  /** Left out where the event has none of its own. */
  readonly id?: string | undefined;
  readonly type: string;
  // Of any form: a wrong one fails the expectation that reads it.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
}

export interface OpenStream {
  readonly response: Response;
  readonly events: ToldEvent[];
  /** The last id that came, also without an event: what a browser sends when it connects again. */
  lastId(): string;
  /** All that came, comments too. */
  text(): string;
  readonly ended: Promise<void>;
  close(): void;
}

/** A reader of server-sent events, as a browser is one. */
export async function openStream(
  url: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<OpenStream> {
  const stop = new AbortController();
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${key}`, accept: "text/event-stream", ...headers },
    signal: stop.signal,
  });
  const events: ToldEvent[] = [];
  let text = "";
  let lastId = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const piece = decoder.decode(chunk, { stream: true });
      text += piece;
      const blocks = (rest + piece).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
        const [id, type, data] = ["id", "event", "data"].map((name) => fields.get(name));
        lastId = id ?? lastId;
        if (type && data) events.push({ id, type, data: JSON.parse(data) });
      }
    }
  };
  return {
    response,
    events,
    lastId: () => lastId,
    text: () => text,
    ended: read().catch(() => undefined),
    close: () => stop.abort(),
  };
}
