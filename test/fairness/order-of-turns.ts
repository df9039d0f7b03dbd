// Whose turn it is, said once more and without SQL: the model against which the claims of the platform are
// held. It is written to be read, and looks at everything each time.

export const PRIORITIES = [0, 1, 2] as const;
/** Customers among whom the first round of a claim shares out its slots. */
const FIRST_ROUND_MAX = 16;
/** A claim of so many slots that comes after a full one does not look whether there is enough for all. */
const LOOK_SPARED_FROM = 100;
/** How far ahead a customer counts at most, in turns of its own. */
const TURNS_AHEAD_MAX = 2;

export interface Customer {
  readonly id: string;
  readonly weight: number;
  readonly limit: number | null;
}

export interface JobType {
  readonly id: string;
  readonly limit: number | null;
}

export interface Job {
  readonly id: string;
  readonly customer: Customer;
  readonly type: JobType;
  /** Where it waits. Ageing raises it. */
  priority: number;
}

/** What is known between two claims. */
export interface Order {
  readonly isLimited: boolean;
  readonly waiting: Set<Job>;
  readonly running: Set<Job>;
  /** Where each customer stands in turns. Those who are not named stand at the start. */
  readonly places: Map<Customer, number>;
  start: number;
  /** By priority: the id of the customer after whom the ring goes on. */
  readonly cursors: Map<number, string>;
  /** The last claim got as many jobs as it asked for. */
  lastWasFull: boolean;
}

export const newOrder = (isLimited: boolean): Order => ({
  isLimited,
  waiting: new Set(),
  running: new Set(),
  places: new Map(),
  start: 0,
  cursors: new Map(),
  lastWasFull: false,
});

/** How many jobs of a customer or a type run. */
export const runningOf = ({ running }: Order, one: Customer | JobType): number =>
  [...running].filter(({ customer, type }) => customer === one || type === one).length;

/** No limit holds it up. */
export const mayStart = (order: Order, { customer, type }: Job): boolean =>
  roomOf(order, customer) > 0 && roomOf(order, type) > 0;

/** Starts up to `slots` jobs, and returns them. */
export function claim(order: Order, slots: number): Job[] {
  const looks = !order.lastWasFull || slots < LOOK_SPARED_FROM;
  const takesAll = looks && !order.isLimited && order.waiting.size <= slots;
  const started = takesAll ? [...order.waiting] : startInTurns(order, slots);
  if (takesAll) for (const job of started) start(order, job);
  order.lastWasFull = started.length === slots;
  return started;
}

/** By priority, and within one in rounds until no slot is free or nothing more may start. */
function startInTurns(order: Order, slots: number): Job[] {
  const started: Job[] = [];
  const free = () => slots - started.length;
  for (const priority of PRIORITIES) {
    const placesBefore = new Map(order.places);
    const jobs: Job[] = [];
    for (let round = 1; free() > 0; round += 1) {
      const inTurn = turnsOf(order, priority, free());
      if (inTurn.length === 0) break;
      const those = round === 1 ? inTurn.slice(0, Math.min(FIRST_ROUND_MAX, free())) : inTurn;
      const more = startRound(order, priority, those, free());
      jobs.push(...more);
      started.push(...more);
    }
    moveCursor(order, priority, jobs, placesBefore);
  }
  moveStart(order, new Set(started.map(({ customer }) => customer)));
  return started;
}

/** Those whose jobs may start, in the order of their turns. */
function turnsOf(order: Order, priority: number, slots: number): Customer[] {
  const customers = new Set(
    [...order.waiting]
      .filter((job) => job.priority === priority && mayStart(order, job))
      .map(({ customer }) => customer),
  );
  const ring = inRing([...customers], order.cursors.get(priority));
  const level = levelOf(order, ring, slots);
  const used = (one: Customer) => runningOf(order, one) / one.weight;
  const isBelow = (one: Customer) => used(one) < level;
  return ring
    .map((one, nth) => ({ one, keys: [isBelow(one) ? -1 : used(one), aheadOf(order, one), used(one), nth] }))
    .toSorted((a, b) => compare(a.keys, b.keys))
    .map(({ one }) => one);
}

/** Shares out the free slots, and starts the oldest jobs of each, as if one slot after the other were free. */
function startRound(order: Order, priority: number, customers: readonly Customer[], slots: number): Job[] {
  const shares = share(order, customers, slots);
  const candidates = customers.flatMap((customer, place) => {
    const count = Math.min(shares[place] ?? 0, roomOf(order, customer));
    return oldestJobs(order, priority, customer, count).map((job, nth) => ({
      job,
      keys: [millionths(aheadOf(order, customer) + nth / customer.weight), place],
    }));
  });
  const started: Job[] = [];
  for (const { job } of candidates.toSorted((a, b) => compare(a.keys, b.keys))) {
    if (!mayStart(order, job)) continue;
    start(order, job);
    const { customer } = job;
    order.places.set(customer, (order.places.get(customer) ?? order.start) + 1 / customer.weight);
    started.push(job);
  }
  return started;
}

/** The oldest jobs of a customer, but of a type no more than may start. */
function oldestJobs(order: Order, priority: number, customer: Customer, count: number): Job[] {
  const ofType = new Map<JobType, number>();
  return [...order.waiting]
    .filter((job) => job.customer === customer && job.priority === priority)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ type }) => {
      ofType.set(type, (ofType.get(type) ?? 0) + 1);
      return (ofType.get(type) ?? 0) <= roomOf(order, type);
    })
    .slice(0, count);
}

/** As water fills vessels as wide as the weights. Who comes first gets what is left after rounding down. */
function share(order: Order, customers: readonly Customer[], slots: number): number[] {
  const level = levelOf(order, customers, slots);
  const exact = customers.map((one) => Math.max(0, level * one.weight - runningOf(order, one)));
  const shares = exact.map((one) => Math.floor(one + 1e-6));
  let rest = slots - shares.reduce((sum, one) => sum + one, 0);
  return shares.map((one, nth) => {
    const isRounded = (exact[nth] ?? 0) - one > 1e-6;
    if (rest <= 0 || !isRounded) return one;
    rest -= 1;
    return one + 1;
  });
}

/** How many running jobs a weight of 1 would have, if jobs could be divided. */
function levelOf(order: Order, customers: readonly Customer[], slots: number): number {
  const used = (one: Customer) => runningOf(order, one) / one.weight;
  let [water, width, level] = [slots, 0, Infinity];
  for (const one of customers.toSorted((a, b) => used(a) - used(b))) {
    water += runningOf(order, one);
    width += one.weight;
    level = Math.min(level, water / width);
  }
  return level;
}

/** The ring goes on after the last who was served if each got one job, and otherwise after the first. */
function moveCursor(
  order: Order,
  priority: number,
  jobs: readonly Job[],
  placesBefore: ReadonlyMap<Customer, number>,
): void {
  const served = [...new Set(jobs.map(({ customer }) => customer))];
  const ring = inRing(served, order.cursors.get(priority));
  const before = { ...order, places: placesBefore };
  const inTurn = ring.toSorted((a, b) => aheadOf(before, a) - aheadOf(before, b));
  const next = served.length === jobs.length ? inTurn.at(-1) : inTurn[0];
  if (next) order.cursors.set(priority, next.id);
}

/** The start is where the last job of one of those who were served began. */
function moveStart(order: Order, served: ReadonlySet<Customer>): void {
  const placeOf = (one: Customer) => order.places.get(one) ?? order.start;
  if (served.size > 0)
    order.start = Math.max(order.start, Math.min(...[...served].map((one) => placeOf(one) - 1 / one.weight)));
  for (const one of served)
    order.places.set(one, Math.min(placeOf(one), order.start + TURNS_AHEAD_MAX / one.weight));
  for (const one of order.places.keys()) if (aheadOf(order, one) <= 0) order.places.delete(one);
}

/** In millionths, so that three thirds are one. */
function aheadOf(
  { places, start: zero }: { readonly places: ReadonlyMap<Customer, number>; readonly start: number },
  one: Customer,
): number {
  return millionths((places.get(one) ?? zero) - zero);
}

const millionths = (turns: number): number => Math.round(turns * 1e6) / 1e6;

function roomOf(order: Order, one: Customer | JobType): number {
  return one.limit === null ? Infinity : one.limit - runningOf(order, one);
}

function start({ waiting, running }: Order, job: Job): void {
  waiting.delete(job);
  running.add(job);
}

/** By id, from the one after the cursor. */
function inRing(customers: readonly Customer[], cursor = ""): Customer[] {
  const sorted = customers.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return [...sorted.filter(({ id }) => id > cursor), ...sorted.filter(({ id }) => id <= cursor)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [n, value] of a.entries()) if (value !== b[n]) return value - (b[n] ?? 0);
  return 0;
}
