import type { Targets } from "./guard-database.ts";
import { inTurn, insertSeal, post, sealed, type Guard } from "./guard-attacks.ts";

/** Rewrites an entry past the triggers, as only a superuser can. */
const rewrite =
  (seq: number, set: string) =>
  ({ wallet }: Targets): string =>
    `SET LOCAL session_replication_role = replica; UPDATE wallet_entries SET ${set} WHERE wallet_id = '${wallet}' AND seq = ${seq}`;
const relink = ({ wallet }: Targets): string =>
  `UPDATE wallet_seals SET hash = hash_entries('${wallet}', 1, 2, NULL) WHERE wallet_id = '${wallet}' AND last_seq = 2`;
const brokenSeals = (): string => "SELECT count(*) FROM broken_seals";
const moreEntries = ({ customer }: Targets): string => post(customer, "top_up", "5", "more");

const breaking = (
  says: string,
  [text, replacement]: readonly [string, string],
  attack: Guard["attack"],
): Guard => ({
  name: `broken_seals: ${says}`,
  removal: { view: "broken_seals", clause: text, replacement },
  attack,
  guarded: "1",
  unguarded: "0",
});

/** A column of an entry is sealed: rewritten, it breaks the link, and whatever else the audit says it breaks. */
const hashing = (text: string, seq: number, set: string, audit = ""): Guard => ({
  name: `hash_entries: ${text}`,
  removal: { function: "hash_entries", clause: text, replacement: "0" },
  attack: inTurn(sealed, rewrite(seq, set), brokenSeals),
  guarded: `1${audit}`,
  unguarded: `0${audit}`,
});

export const SEALS: readonly Guard[] = [
  breaking(
    "a link fits what it seals",
    ["(hash <> hash_entries", "(false AND hash <> hash_entries"],
    inTurn(sealed, rewrite(1, "reason = 'other'"), brokenSeals),
  ),
  breaking(
    "no entry is left out",
    ["(first_seq <>", "(false AND first_seq <>"],
    ({ wallet }) => `${insertSeal(wallet, 2, 2, `hash_entries('${wallet}', 2, 2, NULL)`)}; ${brokenSeals()}`,
  ),
  breaking(
    "no link is missing",
    ["(link <>", "(false AND link <>"],
    inTurn(
      sealed,

      () => "SET LOCAL session_replication_role = replica; DELETE FROM wallet_seals WHERE link = 1",
      brokenSeals,
    ),
  ),
  {
    name: "hash_entries: a link seals the link before",
    removal: { function: "hash_entries", clause: "coalesce(p_link_before, '') || ", replacement: "" },
    attack: inTurn(sealed, moreEntries, sealed, rewrite(1, "reason = 'other'"), relink, brokenSeals),
    guarded: "1",
    unguarded: "0",
  },
  hashing("e.kind", 1, "kind = 'grant'"),
  hashing(
    "e.amount_cents",
    1,
    "amount_cents = 99",
    "; broken: balance_is_sum_of_entries, running_balance_is_unbroken",
  ),
  hashing("e.balance_after_cents", 1, "balance_after_cents = 99", "; broken: running_balance_is_unbroken"),
  hashing(
    "e.job_id",
    2,
    "job_id = wallet_id",
    "; broken: success_is_charged_once_at_its_cost, nothing_else_is_charged",
  ),
  hashing("e.reference", 1, "reference = 'other'"),
  hashing("e.reason", 1, "reason = 'other'"),
  hashing("e.actor", 1, "actor = 'other'"),
  hashing(
    "(extract(epoch FROM e.created_at) * 1000000)::bigint",
    1,
    "created_at = created_at - interval '1 second'",
  ),
];
