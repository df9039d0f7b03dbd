import { effect, signal } from "@preact/signals";
import { ROOT } from "./root.ts";
import { me } from "./session.ts";

/** Whether changes of jobs are told. While they are not, pages ask again and again. */
export const areChangesTold = signal(false);

/** Whether pages keep themselves up to date. The key `l` turns it off, to read in peace. */
export const isLive = signal(true);

/** How long after a refused stream another one is tried. One that broke the browser opens again by itself. */
const REFUSED_WAIT_MS = 15_000;

/** `jobs`: any job. Otherwise the id of one. */
type Topic = string;

interface Listener {
  readonly topic: Topic;
  readonly heard: () => void;
}

const listeners = new Set<Listener>();
const isVisible = signal(!document.hidden);
const isWanted = signal(false);
const retries = signal(0);

/** Calls `heard` when a job may have changed, until the returned function is called. */
export function listen(topic: Topic, heard: () => void): () => void {
  const listener = { topic, heard };
  listeners.add(listener);
  isWanted.value = true;
  return () => {
    listeners.delete(listener);
    // The next page listens in a moment: one stream serves both.
    setTimeout(() => (isWanted.value = listeners.size > 0), 1_000);
  };
}

/**
 * Keeps one stream of events open while somebody listens: not in a tab that is hidden, of which a browser has few
 * connections, nor while live is off or nobody is signed in.
 */
export function startChanges(): void {
  document.addEventListener("visibilitychange", () => (isVisible.value = !document.hidden));
  // A page that the browser keeps for "back" must hold no connection.
  addEventListener("pagehide", () => (isVisible.value = false));
  addEventListener("pageshow", () => (isVisible.value = !document.hidden));
  effect(() => {
    void retries.value;
    if (!me.value || !isLive.value || !isVisible.value || !isWanted.value) return undefined;
    return openStream();
  });
}

function openStream(): () => void {
  const source = new EventSource(new URL("events", ROOT), { withCredentials: true });
  let retry: ReturnType<typeof setTimeout> | undefined;
  source.addEventListener("open", () => {
    areChangesTold.value = true;
    // What changed before was not told.
    tell(() => true);
  });
  source.addEventListener("error", () => {
    areChangesTold.value = false;
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(retry);
    retry = setTimeout(() => (retries.value += 1), REFUSED_WAIT_MS);
  });
  for (const type of ["changed", "done"]) {
    source.addEventListener(type, ({ data }: MessageEvent<string>) => {
      const told = readTold(data);
      tell((topic) => topic === "jobs" || told.others || told.ids.has(topic));
    });
  }
  return () => {
    clearTimeout(retry);
    source.close();
    areChangesTold.value = false;
  };
}

function tell(concerns: (topic: Topic) => boolean): void {
  for (const { topic, heard } of listeners) if (concerns(topic)) heard();
}

/** Which jobs an event names. What cannot be read may concern any. */
function readTold(data: string): { readonly ids: ReadonlySet<string>; readonly others: boolean } {
  try {
    // The API's own tests check its events against the document.
    const told = JSON.parse(data) as { job_id?: string; job_ids?: readonly string[]; others?: boolean };
    return { ids: new Set([...(told.job_ids ?? []), told.job_id ?? ""]), others: told.others ?? false };
  } catch {
    return { ids: new Set(), others: true };
  }
}
