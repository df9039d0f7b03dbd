import { signal } from "@preact/signals";
import type { JSX } from "preact";

interface Toast {
  readonly id: number;
  readonly text: string;
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;
const SHOWN_MS = 6_000;

/** Tells what was done, and goes away by itself. It takes no focus. */
export function say(text: string): void {
  last += 1;
  const toast = { id: last, text };
  toasts.value = [...toasts.value, toast];
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one !== toast);
  }, SHOWN_MS);
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
