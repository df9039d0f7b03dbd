import type { Api, Operations } from "./api-types.gen.ts";
import { pages, type Core, type RequestOptions } from "./core.ts";

type EntriesFilter = Omit<NonNullable<Operations["GET /customers/{id}/wallet/entries"]["query"]>, "cursor">;

interface WalletOptions extends RequestOptions {
  /** Whose wallet. Needed with an operator's key only. */
  readonly customer_id?: string | undefined;
}

/** The prepaid money of a customer. Amounts are integers in minor units of `currency`. */
export class Wallet {
  readonly #core: Core;
  #own: string | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The balance, what is held for open jobs, and what is available. */
  async get(options: WalletOptions = {}): Promise<Api["Wallet"]> {
    const id = await this.#customer(options);
    return await this.#core.call("GET /customers/{id}/wallet", { path: { id } }, requestOf(options));
  }

  /** The entries of the ledger, newest first, read page by page as they are asked for. */
  async *entries(
    filter: EntriesFilter = {},
    options: WalletOptions = {},
  ): AsyncGenerator<Api["WalletEntry"], void, undefined> {
    const id = await this.#customer(options);
    yield* pages((cursor) =>
      this.#core.call(
        "GET /customers/{id}/wallet/entries",
        { path: { id }, query: { ...filter, cursor } },
        requestOf(options),
      ),
    );
  }

  /** The owner of the key, who never changes, unless another is named. */
  async #customer(options: WalletOptions): Promise<string> {
    const known = options.customer_id ?? this.#own;
    if (known !== undefined) return known;
    const me = await this.#core.call("GET /me", {}, requestOf(options));
    if (me.kind !== "customer")
      throw new TypeError("customer_id is missing: this is no customer's key, so say whose wallet you mean.");
    return (this.#own = me.customer.id);
  }
}

function requestOf({ signal, timeout_ms }: WalletOptions): RequestOptions {
  return { signal, timeout_ms };
}
