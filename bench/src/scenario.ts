/** What one measurement gave, by column. */
export type Values = Readonly<Record<string, number>>;

/** One of those that take turns: a contender, or a variant of ours. */
export interface Subject {
  /** Unique in its scenario. */
  readonly name: string;
  readonly title: string;
  measure(round: number): Promise<Values>;
}

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
}

export interface Cast {
  readonly subjects: readonly Subject[];
  /** After the last round. */
  readonly end?: () => Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is measured, in a sentence or two. */
  readonly about: string;
  /** The first is what ratios are made of. */
  readonly columns: readonly Column[];
  readonly better: "more" | "less";
  /** Ours against each of the others (`peers`), or each variant against the first (`variants`). */
  readonly compare: "peers" | "variants";
  /** Makes what lasts through all rounds. */
  prepare(): Promise<Cast>;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly subjects: readonly Pick<Subject, "name" | "title">[];
  /** By subject; one entry a round. */
  readonly values: ReadonlyMap<string, readonly Values[]>;
}

/** A number in a sentence: 50,000. */
export function say(count: number): string {
  return count.toLocaleString("en");
}

/** A B C, A B C, …: whatever the machine does meanwhile, it does to all of them. */
export async function play(
  scenario: Scenario,
  rounds: number,
  tell: (line: string) => void,
): Promise<Outcome> {
  const { subjects, end } = await scenario.prepare();
  const values = new Map<string, Values[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const measured = await subject.measure(round);
      values.get(subject.name)?.push(measured);
      tell(`${scenario.name} ${round}/${rounds} ${subject.name}: ${summarize(scenario, measured)}`);
    }
  }
  await end?.();
  return { scenario, subjects, values };
}

function summarize({ columns }: Scenario, values: Values): string {
  return columns
    .slice(0, 2)
    .map(({ key, title, digits }) => `${title} ${values[key]?.toFixed(digits)}`)
    .join(", ");
}
