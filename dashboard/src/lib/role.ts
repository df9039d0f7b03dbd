import { computed } from "@preact/signals";
import { me } from "./session.ts";

/** Operators see all; a customer sees what is theirs. The API decides; the screen only leaves away. */
export const isOperator = computed(
  () => me.value !== null && me.value !== undefined && me.value.kind !== "customer",
);

/** The customer who looks on, if it is one. */
export const ownCustomer = computed(() => (me.value?.kind === "customer" ? me.value.customer : undefined));

/** The roles that may do such things, beside `admin`, which may do all. */
const ROLES = { operate: "operator", "move money": "finance", administer: "admin" } as const;

/** Whether who looks on may do such things, so far as the screen knows. A customer runs jobs of their own. */
export function may(what: keyof typeof ROLES): boolean {
  const who = me.value;
  if (!who) return false;
  if (who.kind === "customer") return what === "operate";
  return who.role === "admin" || who.role === ROLES[what];
}
