import { writeSync } from "node:fs";
import type { ScreenTake } from "../cli/terminal/context.ts";

const CTRL_C = "\u0003";
const STOPS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** See `CliContext.takeScreen`. */
export function takeScreen({ onKey, restore }: ScreenTake): () => void {
  const { stdin } = process;
  const isRaw = stdin.isTTY;
  let isTaken = true;
  const onData = (text: string): void => {
    // What is pasted comes in one piece. An arrow is one key, of several characters.
    for (const key of text.startsWith("\u001b") ? [text] : text) onKey(key);
  };
  const onStop = (): void => onKey(CTRL_C);
  const giveBack = (): void => {
    if (!isTaken) return;
    isTaken = false;
    if (isRaw) stdin.setRawMode(false);
    try {
      // Nothing that is asynchronous happens while a process ends.
      writeSync(process.stdout.fd, restore);
    } catch {
      // The terminal is gone.
    }
  };
  if (isRaw) {
    stdin.setRawMode(true).setEncoding("utf8").on("data", onData).resume();
  }
  for (const name of STOPS) process.on(name, onStop);
  process.once("exit", giveBack);
  return () => {
    stdin.off("data", onData).pause();
    for (const name of STOPS) process.off(name, onStop);
    process.off("exit", giveBack);
    giveBack();
  };
}
