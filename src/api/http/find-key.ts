import { PlatformError } from "../../core/lib/errors.ts";
import { hashApiKey, kindOfKey, sameSecret } from "../../core/model/api-key.ts";
import { customerInactive } from "../../core/model/refusals.ts";
import { adminProof, type SessionKey } from "../../core/model/session.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import type { SignInLink } from "../../core/use-cases/sign-in-link.ts";
import { unknownKey } from "./auth.ts";

interface Secret {
  readonly api_key?: string | undefined;
  readonly sign_in_token?: string | undefined;
}

/** Finds the key that signs in, for a session with this token. Throws `invalid_api_key`, `customer_inactive`. */
export type FindKey = (secret: Secret, token: string) => Promise<SessionKey>;

export function createFindKey(
  { customers, customerKeys, operatorKeys }: Pick<Platform, "customers" | "customerKeys" | "operatorKeys">,
  adminApiKey: string,
  link: SignInLink,
): FindKey {
  return async ({ api_key = "", sign_in_token }, token) => {
    if (sign_in_token !== undefined) {
      if (!link.take(sign_in_token))
        throw new PlatformError(
          "invalid_api_key",
          "This link was used before, or is too old. Start again for a new link, or sign in with a key.",
        );
      return { admin_proof: adminProof(adminApiKey, token) };
    }
    if (sameSecret(api_key, adminApiKey)) return { admin_proof: adminProof(adminApiKey, token) };
    const [hash, kind] = [hashApiKey(api_key), kindOfKey(api_key)];
    if (kind === "operator") {
      const operator = await operatorKeys.find(hash);
      if (!operator) throw unknownKey();
      return { operator_id: operator.id };
    }
    if (kind === undefined) throw unknownKey();
    const [customer, key] = await Promise.all([customerKeys.find(hash), customers.findApiKey(hash)]);
    if (!customer || !key) throw unknownKey();
    if (!customer.active) throw customerInactive();
    return { api_key_id: key.id };
  };
}
