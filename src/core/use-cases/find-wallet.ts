import { customerNotFound } from "../model/not-found.ts";
import type { Wallet, WalletRepository } from "../model/wallet.ts";

/** The wallet of a customer. Throws `not_found` when the customer does not exist. */
export async function findWallet(wallets: WalletRepository, customer_id: string): Promise<Wallet> {
  const wallet = await wallets.findByCustomerId(customer_id);
  if (!wallet) throw customerNotFound(customer_id);
  return wallet;
}
