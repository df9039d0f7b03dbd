import { PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Customer } from "../../../core/model/customer.ts";
import { customerNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";

/**
 * The customer with this id or this e-mail address. Addresses are not unique: throws with the ids when
 * several customers have it.
 */
export async function findCustomer(
  { customers }: Pick<Platform, "customers">,
  idOrEmail: string,
): Promise<Customer> {
  if (!idOrEmail.includes("@")) {
    const customer = await customers.findById(idOrEmail);
    if (!customer) throw customerNotFound(idOrEmail);
    return customer;
  }
  const [only, ...others] = await customers.list({ email: idOrEmail, limit: PAGE_LIMIT_DEFAULT });
  if (!only) throw new PlatformError("not_found", `There is no customer with the address ${idOrEmail}.`);
  if (others.length > 0) {
    const ids = [only, ...others].map(({ id }) => id);
    throw new PlatformError(
      "validation_failed",
      `${ids.length} customers have the address ${idOrEmail}. Name one by its id: ${ids.join(", ")}.`,
      { members: { customer_ids: ids } },
    );
  }
  return only;
}
