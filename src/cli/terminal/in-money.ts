import { PlatformError } from "../../core/lib/errors.ts";
import { findWallet } from "../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import { formatMoney } from "./format.ts";

const CENTS = /(-?\d+) cents/g;

/**
 * Runs `work` for a customer. Its errors speak of money as the tables do, in the customer's currency and not
 * in cents. Their members stay as they are.
 */
export async function inMoney<T>(
  { wallets }: Pick<Platform, "wallets">,
  customer_id: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlatformError) || error.message.search(CENTS) === -1) throw error;
    const { currency } = await findWallet(wallets, customer_id);
    const { code, members, errors, cause } = error;
    const message = error.message.replace(CENTS, (_, cents: string) => formatMoney(Number(cents), currency));
    throw new PlatformError(code, message, { members, errors, cause });
  }
}
