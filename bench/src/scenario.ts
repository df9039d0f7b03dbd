/** The figures of one measurement, by column. */
export type Values = Readonly<Record<string, number>>;

/** One of those that are compared in a scenario: a contender, or a variant of ours. */
export interface Subject {
  /** A name that is unique in its scenario. */
  readonly name: string;
  readonly title: string;
  measure(round: number): Promise<Values>;
}

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Digits after the decimal point. */
  readonly digits: number;
}

export interface Cast {
  readonly subjects: readonly Subject[];
  /** Called after the last round. */
  readonly end?: () => Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is measured, in a sentence or two. */
  readonly about: string;
  /** Ratios are made of the first column. */
  readonly columns: readonly Column[];
  readonly better: "more" | "less";
  /** `peers`: ours is compared with each other subject. `variants`: each is compared with the first. */
  readonly compare: "peers" | "variants";
  /** Creates what lasts through all rounds. */
  prepare(): Promise<Cast>;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly subjects: readonly Pick<Subject, "name" | "title">[];
  /** The figures of each subject, one entry a round. */
  readonly values: ReadonlyMap<string, readonly Values[]>;
}

/** Formats a number for a sentence: 50,000. */
export function say(count: number): string {
  return count.toLocaleString("en");
}

/**
 * Measures in rounds (A B C, A B C, …), so that a slow minute of the machine hits all subjects and not only
 * one.
 */
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
    .map(({ key, title, digits }) => {
      const value = values[key] ?? Number.NaN;
      return `${title} ${Number.isNaN(value) ? "none" : value.toFixed(digits)}`;
    })
    .join(", ");
}
