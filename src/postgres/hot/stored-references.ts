import { sql } from "kysely";
import type { Posting, Refund } from "../../core/model/wallet.ts";
import { textArray, plainArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";

// References are NFC. An entry that was posted before that was so may have a reference in another form, and
// entries never change: sending its reference again must find it, and move no money. Only references that
// have a decomposed form are looked up, and no new entry can have one, so nothing can come in between.

/** The postings, each with its reference in the form in which it is stored already. */
export async function asStored(
  database: Database,
  postings: readonly Posting[],
): Promise<readonly Posting[]> {
  const spelled = postings.filter(({ reference }) => reference !== null && hasForms(reference));
  if (spelled.length === 0) return postings;
  const found = await database.kysely
    .selectFrom("wallet_entries as e")
    .innerJoin("wallets as w", "w.id", "e.wallet_id")
    .select(["w.customer_id", "e.reference"])
    .where(sql<boolean>`w.customer_id = ANY (${plainArray(spelled.map((one) => one.customer_id))}::uuid[])`)
    .where(
      sql<boolean>`e.reference = ANY (${textArray(spelled.map((one) => decomposed(one.reference)))}::text[])`,
    )
    .execute();
  const stored = new Set(found.map(({ customer_id, reference }) => `${customer_id} ${reference}`));
  return postings.map((posting) => {
    const reference = decomposed(posting.reference);
    return stored.has(`${posting.customer_id} ${reference}`) ? { ...posting, reference } : posting;
  });
}

/** The reference of a refund, in the form in which the wallet of its job has it already. */
export async function storedRefundReference(
  database: Database,
  { job_id, reference }: Refund,
): Promise<string> {
  if (!hasForms(reference)) return reference;
  const found = await database.kysely
    .selectFrom("wallet_entries")
    .select("reference")
    .where("job_id", "=", job_id)
    .where("kind", "=", "refund")
    .where("reference", "=", reference.normalize("NFD"))
    .executeTakeFirst();
  return found?.reference ?? reference;
}

function hasForms(reference: string): boolean {
  return reference.normalize("NFD") !== reference;
}

function decomposed(reference: string | null): string | null {
  return reference?.normalize("NFD") ?? null;
}
