import type { Erasure, NewErasure } from "../model/erasure.ts";
import { customerNotFound } from "../model/not-found.ts";
import type { Platform } from "./platform.ts";

type Parts = Pick<Platform, "erasures">;

/** What an erasure did so far, or would find. Throws `not_found`. */
export async function findErasure({ erasures }: Parts, customer_id: string): Promise<Erasure> {
  const erasure = await erasures.find(customer_id);
  if (!erasure) throw customerNotFound(customer_id);
  return erasure;
}

/**
 * Erases what the platform knows of a customer, and leaves what proves the money. Name, address, keys and
 * sessions are gone when this returns; runners do the rest. Safe to call again: it then adds the decisions that
 * are new. Throws `not_found`, `jobs_open` or `balance_left`.
 */
export async function eraseCustomer(platform: Parts, erasure: NewErasure): Promise<Erasure> {
  await platform.erasures.start(erasure);
  return await findErasure(platform, erasure.customer_id);
}

/** Works on an erasure here until it has ended or waits for something. `onBatch` is told of each batch. */
export async function workOnErasure(
  platform: Parts,
  customer_id: string,
  onBatch: () => void = () => undefined,
): Promise<Erasure> {
  while (await platform.erasures.advance(customer_id)) onBatch();
  return await findErasure(platform, customer_id);
}
