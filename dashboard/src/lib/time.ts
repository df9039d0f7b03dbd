import { signal } from "@preact/signals";

/** Ticks each second, for what shows an age. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1_000);
}

const UNITS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1_000 },
] as const;

/** A length of time, as short as it is still useful: 12 ms, 3.4 s, 5 min 3 s, 2 d 4 h. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms < 0) return "0 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const first = UNITS.findIndex((one) => ms >= one.ms);
  const big = UNITS[first];
  if (!big) return `${Math.round(ms)} ms`;
  const small = UNITS[first + 1];
  const whole = Math.floor(ms / big.ms);
  const rest = small ? Math.floor((ms % big.ms) / small.ms) : 0;
  return rest > 0 && small ? `${whole} ${big.unit} ${rest} ${small.unit}` : `${whole} ${big.unit}`;
}

/** How long ago, or how far ahead: "4 s ago", "in 2 h". */
export function ago(time: string, at = now.value): string {
  const ms = at - Date.parse(time);
  if (Math.abs(ms) < 1_000) return "now";
  return ms > 0 ? `${rough(ms)} ago` : `in ${rough(-ms)}`;
}

/** Only the largest unit: an age is read, not calculated with. */
function rough(ms: number): string {
  const one = UNITS.find((unit) => ms >= unit.ms);
  return one ? `${Math.floor(ms / one.ms)} ${one.unit}` : "0 s";
}

const EXACT = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "long",
});

/** With the zone, for a tooltip and for whoever has to know. */
export function exactTime(time: string): string {
  return EXACT.format(new Date(time));
}

export function between(from: string | null, to: string | null): number | undefined {
  return from === null || to === null ? undefined : Math.max(0, Date.parse(to) - Date.parse(from));
}
