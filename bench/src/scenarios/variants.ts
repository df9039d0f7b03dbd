import { setStage, type Bench, type Stage } from "../bench.ts";
import type { ContenderName } from "../contenders.ts";
import { drain } from "../drain.ts";
import type { Scenario, Subject, Values } from "../scenario.ts";
import { DRAIN_COLUMNS, DRAIN_LEAST } from "./drain.ts";
import { submit } from "./submit.ts";

/** Jobs of one round of one variant. */
const VARIANT_JOBS = 20_000;

/** The platform with Redis and without. */
export type Ours = Extract<ContenderName, "ours" | "ours-postgres">;

interface Variant {
  readonly name: string;
  readonly title: string;
  readonly customers?: number;
  /** How many jobs succeed in `prepare`. */
  readonly history?: number;
  /** How many jobs wait behind those of each round. */
  readonly backlog?: number;
  /** Called once, before the first round. Returns what undoes it. */
  readonly prepare?: (stage: Stage) => Promise<(() => Promise<void>) | void>;
  /** Called between submit and drain of every round. Returns what undoes it. */
  readonly disturb?: (stage: Stage) => Promise<() => Promise<void>>;
}

interface VariantScenario extends Pick<Scenario, "name" | "title" | "about"> {
  readonly contender: Ours;
  /** The first is what the others are compared with. */
  readonly variants: readonly Variant[];
}

/**
 * A drain of ours with and without a circumstance, alternately. Each variant has a database that lasts
 * through all rounds.
 */
export const variantScenario = (
  bench: Bench,
  { contender, variants, ...texts }: VariantScenario,
): Scenario => ({
  ...texts,
  columns: DRAIN_COLUMNS,
  better: "more",
  compare: "variants",
  async prepare() {
    const prepared: Prepared[] = [];
    for (const variant of variants) prepared.push(await prepareVariant(bench, contender, variant));
    return {
      subjects: prepared.map(({ subject }) => subject),
      async end() {
        for (const { end } of prepared) await end();
      },
    };
  },
});

interface Prepared {
  readonly subject: Subject;
  readonly end: () => Promise<void>;
}

async function prepareVariant(bench: Bench, contender: Ours, variant: Variant): Promise<Prepared> {
  const { name, title, customers = 100, history = 0, backlog = 0, disturb } = variant;
  const stage = await setStage(bench, contender, { customers });
  const jobs = bench.scaled(VARIANT_JOBS, DRAIN_LEAST);
  let [succeeded, submitted] = [history, backlog];
  if (backlog > 0) await submit(stage, backlog);
  const undo = await variant.prepare?.(stage);

  const measure = async (): Promise<Values> => {
    // A new client for each round: its server may have been stopped since the last one.
    await stage.client.ask("close");
    await stage.client.ask("open");
    const first = submitted;
    await submit(stage, jobs, first);
    submitted += jobs;
    const calm = await disturb?.(stage);
    const waiting = submitted + history - succeeded;
    const values = await drain(bench, stage, {
      jobs,
      first,
      runners: 1,
      behind: waiting - jobs,
      before: succeeded,
    });
    succeeded += values["settled"] ?? 0;
    await calm?.();
    return values;
  };
  return {
    subject: { name, title, measure },
    async end() {
      await undo?.();
      await stage.tearDown();
    },
  };
}
