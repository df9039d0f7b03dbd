import type { CustomerRepository, KeyHolder } from "../model/customer.ts";
import type { KeyChanges } from "../model/key-changes.ts";
import { KeyCache } from "./key-cache.ts";

/** A cache of the customers that own API keys. */
export type CustomerKeys = KeyCache<KeyHolder>;

export function createCustomerKeys(
  customers: Pick<CustomerRepository, "findByApiKeys">,
  changes: KeyChanges,
): CustomerKeys {
  return new KeyCache(
    {
      findAll: (hashes) => customers.findByApiKeys(hashes),
      concerns: (customer, id) => customer.id === id,
    },
    changes,
  );
}
