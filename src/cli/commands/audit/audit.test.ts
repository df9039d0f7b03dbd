import { expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import type { AuditRow } from "../../../core/model/audit.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

interface SealedAudit {
  readonly promises: AuditRow[];
  readonly seals: { readonly digest: string; readonly links: number; readonly sealed_entries: number };
}

test("the audit is exit 0 while every promise holds, and 1 with an example once one is broken", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  const clean = await cli.run("audit");
  expect(clean.exitCode).toBe(0);
  expect(clean.stdout).toMatch(/^nothing_is_overspent +ok +P3: /m);
  expect(clean.stdout).not.toContain("BROKEN");

  await runSql(cli.databaseUrl, "UPDATE wallets SET current_balance_cents = current_balance_cents + 1");
  const wallet = await cli.platform.wallets.findByCustomerId(customer);
  const broken = await cli.run("audit");
  expect(broken.exitCode).toBe(1);
  expect(broken.stdout).toContain(`BROKEN 1 (example ${wallet?.id})`);
  const { exitCode, stdout } = await cli.run("audit", "--json");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toContainEqual(
    expect.objectContaining({ promise: "balance_is_sum_of_entries", broken: 1, example: wallet?.id }),
  );
});

test("--seals adds the seals to the audit, and a digest of all of them", async () => {
  const cli = await createTestCli();
  await createCustomer(cli.platform);
  await cli.platform.seals.sealNext(undefined);
  const before = (await cli.json("audit", "--seals")) as SealedAudit;
  expect(before.seals).toEqual({
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    links: 1,
    sealed_entries: 1,
  });
  expect(before.promises.at(-1)).toMatchObject({ promise: "seals_are_unbroken", broken: 0 });
  expect(before.promises.slice(0, -1)).toEqual(await cli.json("audit"));

  const { exitCode, stdout, stderr } = await cli.run("audit", "--seals");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^seals_are_unbroken +ok +P6: /m);
  expect(stdout).toMatch(new RegExp(`\n\ndigest +${before.seals.digest}\nof links +1\nsealed entries +1\n$`));
  expect(stderr).toContain("iep audit --seals --links 1 always prints the same digest.");

  await createCustomer(cli.platform);
  await cli.platform.seals.sealNext(undefined);
  const after = (await cli.json("audit", "--seals")) as SealedAudit;
  expect(after.seals.sealed_entries).toBe(2);
  expect(after.seals.digest).not.toBe(before.seals.digest);
  expect(((await cli.json("audit", "--links", "1")) as SealedAudit).seals).toEqual(before.seals);
  const missing = await cli.run("audit", "--seals", "--links", "3");
  expect([missing.exitCode, missing.stdout]).toEqual([
    1,
    expect.stringContaining("example link 3 is missing: there are 2"),
  ]);
});

test("an entry that was rewritten breaks its seal, which is exit 1, though no other promise is broken", async () => {
  const cli = await createTestCli();
  const customer = await createCustomer(cli.platform);
  await cli.platform.seals.sealNext(undefined);
  await rewriteReferences(cli.databaseUrl);
  const wallet = await cli.platform.wallets.findByCustomerId(customer);

  expect((await cli.run("audit")).exitCode).toBe(0);
  const { exitCode, stdout } = await cli.run("audit", "--seals");
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(new RegExp(`^seals_are_unbroken +BROKEN 1 \\(example ${wallet?.id}/1\\)`, "m"));
  const json = await cli.run("audit", "--seals", "--json");
  expect(json.exitCode).toBe(1);
  expect((JSON.parse(json.stdout) as SealedAudit).promises.at(-1)).toMatchObject({ broken: 1 });
});

test("--seals is exit 1 also when another promise is the broken one", async () => {
  const cli = await createTestCli();
  await createCustomer(cli.platform);
  await runSql(cli.databaseUrl, "UPDATE wallets SET current_balance_cents = current_balance_cents + 1");
  expect((await cli.run("audit", "--seals")).exitCode).toBe(1);
});

/** As somebody would who owns the database: past the trigger that forbids it. */
async function rewriteReferences(databaseUrl: string): Promise<void> {
  await runSql(
    databaseUrl,
    "SET session_replication_role = replica; GRANT UPDATE ON wallet_entries TO CURRENT_USER; UPDATE wallet_entries SET reference = 'rewritten'",
  );
}
