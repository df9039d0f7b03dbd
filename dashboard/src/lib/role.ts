import { computed } from "@preact/signals";
import { me } from "./session.ts";

/** Operators see all; a customer sees what is theirs. The API decides; the screen only leaves away. */
export const isOperator = computed(
  () => me.value !== null && me.value !== undefined && me.value.kind !== "customer",
);

/** The customer who looks on, if it is one. */
export const ownCustomer = computed(() => (me.value?.kind === "customer" ? me.value.customer : undefined));

/** Whether the role of who looks on may do such things, so far as the screen knows. */
export function may(what: "operate" | "move money" | "administer"): boolean {
  const who = me.value;
  if (!who) return false;
  // The roles of the API: a viewer only looks, an operator moves jobs, finance moves money.
  const role =
    "operator" in who ? String((who as { operator?: { role?: unknown } }).operator?.role) : "admin";
  if (who.kind === "customer") return what === "operate";
  if (role === "admin") return true;
  if (role === "operator") return what === "operate";
  return role === "finance" && what === "move money";
}
