import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Methods, News } from "./rpc.ts";

/** A child process of this run, as its parent sees it. */
export interface Remote<M extends Methods> {
  readonly pid: number;
  ask<Name extends keyof M & string>(method: Name, ...args: Parameters<M[Name]>): Answer<M[Name]>;
  /** Ends the process; resolves when it is gone. */
  end(): Promise<void>;
}

/** The promise of what a method of the child returns. */
type Answer<Method> = Method extends (...args: never[]) => Promise<infer Result> ? Promise<Result> : never;

interface RemoteOptions {
  /** The name of a file in this folder, without its extension. */
  readonly file: "api-process" | "client-process" | "worker-process";
  readonly execArgv?: readonly string[];
  readonly onEvent?: (event: unknown) => void;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

const END_MS = 5_000;
const alive = new Set<ChildProcess>();

/** Starts `file` on the Node of this process. It ends when this process does, because its channel closes. */
export function startRemote<M extends Methods>({ file, execArgv = [], onEvent }: RemoteOptions): Remote<M> {
  const child = fork(fileURLToPath(new URL(`./${file}.js`, import.meta.url)), {
    execArgv: [...process.execArgv, ...execArgv],
    serialization: "advanced",
    env: { ...process.env, NODE_ENV: "production" },
  });
  alive.add(child);
  const waiting = new Map<number, Waiting>();
  let questions = 0;
  child.on("message", (news: News) => {
    if ("event" in news) return onEvent?.(news.event);
    const asked = waiting.get(news.id);
    waiting.delete(news.id);
    if ("error" in news) asked?.reject(new Error(`${file}: ${news.error}`));
    else asked?.resolve(news.answer as never); // As `M` says: both halves are typed by the same methods.
  });
  child.on("exit", (code, signal) => {
    alive.delete(child);
    for (const { reject } of waiting.values())
      reject(new Error(`${file} ended (${signal ?? `exit code ${code}`})`));
  });
  const gone = once(child, "exit");

  return {
    pid: child.pid ?? 0,
    ask(method, ...args) {
      const id = (questions += 1);
      const answer = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, method, args }, (error) => error && reject(error));
      });
      return answer as Answer<M[typeof method]>; // The child serves these very methods.
    },
    async end() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Kills all processes that this run started, when it ends before it is done. */
export function killRemotes(): void {
  for (const child of alive) child.kill("SIGKILL");
}
