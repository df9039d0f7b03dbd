import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { brokenPromises, createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

const post = (verb: string, customer: string, cents: number, ...more: string[]): string[] => [
  "wallets",
  verb,
  customer,
  "--amount-cents",
  String(cents),
  "--reference",
  `${verb} 1`,
  ...more,
];
const walletOf = (customer: string) => cli.platform.wallets.findByCustomerId(customer);

test.each([
  { verb: "top-up", kind: "top_up", cents: 700, more: [], moves: 700, reason: null },
  { verb: "grant", kind: "grant", cents: 700, more: ["--reason", "gift"], moves: 700, reason: "gift" },
  { verb: "adjust", kind: "adjustment", cents: 700, more: ["--reason", "up"], moves: 700, reason: "up" },
  {
    verb: "adjust",
    kind: "adjustment",
    cents: -700,
    more: ["--reason", "down"],
    moves: -700,
    reason: "down",
  },
  { verb: "chargeback", kind: "chargeback", cents: 700, more: [], moves: -700, reason: null },
])("$verb of $cents moves $moves cents once, by cli", async ({ verb, kind, cents, more, moves, reason }) => {
  const customer = await createCustomer(cli.platform, 1_000);
  const argv = post(verb, customer, cents, ...more);
  const entry = await cli.json(...argv);
  expect(entry).toMatchObject({ kind, amount_cents: moves, reference: `${verb} 1`, reason, actor: "cli" });
  expect(entry).toMatchObject({ seq: 2, balance_after_cents: 1_000 + moves });

  const again = await cli.run(...argv);
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.stderr).toContain("This reference moved this money before: no money moved now.\n");
  expect(again.stdout).toMatch(/^by +cli$/m);
  expect(await cli.json(...argv)).toEqual(entry);
  expect(await walletOf(customer)).toMatchObject({ current_balance_cents: 1_000 + moves });
});

test("a reference that belongs to another entry is exit 1, and nothing moves", async () => {
  const customer = await createCustomer(cli.platform, 0);
  await cli.json(...post("grant", customer, 5));
  const { exitCode, stderr } = await cli.run(...post("grant", customer, 6), "--json");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "reference_reused" } });
  expect(await walletOf(customer)).toMatchObject({ current_balance_cents: 5 });
});

test("an adjustment leaves what is held for open jobs", async () => {
  const customer = await createCustomer(cli.platform, 100);
  const jobType = await createJobType(cli.platform, { standard_cost_cents: 60 });
  await cli.json("jobs", "submit", "--customer", customer, "--type", jobType);
  const refused = await cli.run(...post("adjust", customer, -41, "--reason", "r", "--json"));
  expect(refused.exitCode).toBe(1);
  expect(JSON.parse(refused.stderr)).toMatchObject({
    error: { code: "insufficient_funds", required_cents: 41, available_cents: 40 },
  });
  expect(await cli.json(...post("adjust", customer, -40, "--reason", "r"))).toMatchObject({
    balance_after_cents: 60,
  });
});

test("a chargeback freezes where more is owed than there is, or where --freeze says so, and tells the way out", async () => {
  const [rich, careful, poor] = [
    await createCustomer(cli.platform, 1_000),
    await createCustomer(cli.platform, 1_000),
    await createCustomer(cli.platform, 1_000),
  ];
  const left = await cli.run(...post("chargeback", rich, 1_000));
  expect(left).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await walletOf(rich)).toMatchObject({ frozen_at: null });

  for (const argv of [post("chargeback", careful, 1, "--freeze"), post("chargeback", poor, 1_001)]) {
    const { exitCode, stderr } = await cli.run(...argv);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      new RegExp(
        `^The wallet is frozen since \\S+Z and pays for no new jobs. End the freeze: iep wallets unfreeze ${argv[2]}\n$`,
      ),
    );
    expect(await walletOf(argv[2] ?? "")).toMatchObject({ frozen_at: expect.any(String) });
  }
  expect(await brokenPromises(cli.platform)).toEqual([]);
});

test.each([
  { argv: post("top-up", uuidv7(), -5), option: "--amount-cents" },
  { argv: post("grant", uuidv7(), 0), option: "--amount-cents" },
  { argv: post("chargeback", uuidv7(), -5), option: "--amount-cents" },
  { argv: post("adjust", uuidv7(), 0, "--reason", "r"), option: "--amount-cents", says: "must not be 0" },
  { argv: post("adjust", uuidv7(), -5), option: "--reason", says: "is required" },
  { argv: post("grant", uuidv7(), 5, "--reason", " "), option: "--reason", says: "must not be empty" },
])(
  "$argv.1 with a wrong $option is wrong usage",
  async ({ argv, option, says = "must be a whole number" }) => {
    const { exitCode, stderr } = await cli.run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr.split("\n").slice(1)).toEqual([expect.stringContaining(`  ${option} ${says}`), ""]);
  },
);

test("a customer that is not there is exit 1", async () => {
  const id = uuidv7();
  for (const verb of ["grant", "adjust", "chargeback"])
    expect(await cli.run(...post(verb, id, 5, "--reason", "r"))).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `error: There is no customer ${id}.\n`,
    });
});

test("who takes more away than is available is told how much can be, in the customer's money", async () => {
  const customer = await createCustomer(cli.platform, 9_844);
  const argv = [
    "wallets",
    "adjust",
    customer,
    "--amount-cents",
    "-1000000",
    "--reference",
    "r",
    "--reason",
    "x",
  ];
  const { stderr } = await cli.run(...argv);
  expect(stderr).toContain("This takes 10000.00 EUR away and 98.44 EUR are available");
  expect(stderr).toContain("Take 98.44 EUR at the most, or cancel open jobs first.");
  expect(stderr).not.toContain("Top up");
});
