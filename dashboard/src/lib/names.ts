import { signal } from "@preact/signals";
import { ask } from "./http.ts";
import { Away } from "./problem.ts";

/** What is told of a customer or a job type wherever its id stands. */
interface Known {
  readonly name: string;
  readonly currency: string;
}

type Kind = "customers" | "job-types";

/** By id, asked for once each: a name and a currency seldom change. */
const known = signal<ReadonlyMap<string, Known>>(new Map());
const asked = new Set<string>();

/** The name and currency of a customer or a job type; undefined until the API has said. */
export function learn(kind: Kind, id: string): Known | undefined {
  const one = known.value.get(id);
  if (one === undefined && !asked.has(id)) {
    asked.add(id);
    void ask<Known>(`/${kind}/${encodeURIComponent(id)}`).then(
      (answer) => note(id, answer),
      (error: unknown) => {
        if (error instanceof Away) asked.delete(id);
      },
    );
  }
  return one;
}

/** Notes what came with something else. */
export function note(id: string, { name, currency }: Known): void {
  asked.add(id);
  const before = known.value.get(id);
  if (before?.name !== name || before.currency !== currency)
    known.value = new Map([...known.value, [id, { name, currency }]]);
}

/** Before another signs in: what one may see, another may not. */
export function forgetNames(): void {
  asked.clear();
  known.value = new Map();
}
