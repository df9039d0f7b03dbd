import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Wallet } from "../../../core/model/wallet.ts";

/** Throws `not_found` when there is no such customer. */
export async function findWallet(
  { wallets }: Pick<Platform, "wallets">,
  customer_id: string,
): Promise<Wallet> {
  const wallet = await wallets.findByCustomerId(customer_id);
  if (!wallet) throw new PlatformError("not_found", `There is no customer ${customer_id}.`);
  return wallet;
}
