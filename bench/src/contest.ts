import type { Bench } from "./bench.ts";
import { loadContender, type ContenderName } from "./contenders.ts";
import type { Contender } from "./contender.ts";
import type { Cast, Values } from "./scenario.ts";

/** Returns the contenders as the subjects of a scenario. */
export async function contest(
  { options }: Bench,
  measure: (name: ContenderName, contender: Contender, round: number) => Promise<Values>,
): Promise<Cast> {
  const subjects = options.contenders.map(async (name) => {
    const contender = await loadContender(name);
    return {
      name,
      title: contender.title,
      measure: (round: number) => measure(name, contender, round),
    };
  });
  return { subjects: await Promise.all(subjects) };
}
