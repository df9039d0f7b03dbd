import type { z } from "zod";

interface Overridden {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Record<string, unknown>;
}

type Definition = Readonly<Record<string, unknown>>;

/**
 * Kinds of which JSON Schema cannot say what they take: code decides it, a fault becomes a default, or two
 * strict objects hold at once.
 */
const TAKES_ANYTHING: ReadonlySet<unknown> = new Set([
  "any",
  "catch",
  "custom",
  "date",
  "file",
  "function",
  "intersection",
  "lazy",
  "nan",
  "promise",
  "success",
  "transform",
  "undefined",
  "unknown",
  "void",
]);
/** Kinds that demand what another schema demands. */
const INNER = ["innerType", "in"];
/** Where a regular expression has another meaning with Unicode rules than without. */
const UNICODE_MATTERS = /\.|\[\^|\\[^dws.\-/+*?()[\]{}|^$]/;

/** Takes out of a JSON Schema what zod does not demand, or demands otherwise. */
export function loosen({ zodSchema, jsonSchema }: Overridden): void {
  const definition = definitionOf(zodSchema);
  const kind = definition["type"];
  // What a lazy schema leads to stands there by itself, or as a reference.
  if (kind !== "lazy" && mayTakeAnything(zodSchema)) return keepOnly(jsonSchema, []);
  const checks = checksOf(definition);
  // A check may change the value before the next one looks at it: `trim`, `toLowerCase`.
  if (checks.some(({ check }) => check === "overwrite")) keepOnly(jsonSchema, ["type"]);
  loosenText([definition, ...checks], jsonSchema);
  loosenMembers(definition, jsonSchema);
  const { multipleOf, oneOf } = jsonSchema;
  if (typeof multipleOf === "number" && !Number.isInteger(multipleOf)) delete jsonSchema["multipleOf"];
  if (Array.isArray(oneOf)) {
    // Options that were loosened may overlap.
    jsonSchema["anyOf"] = oneOf;
    delete jsonSchema["oneOf"];
  }
}

/** zod's own description of a schema or a check. */
function definitionOf(described: unknown): Definition {
  const inside = isObject(described) ? described["_zod"] : undefined;
  const definition = isObject(inside) ? inside["def"] : undefined;
  return isObject(definition) ? definition : {};
}

function isObject(value: unknown): value is Definition {
  return typeof value === "object" && value !== null;
}

function checksOf({ checks }: Definition): Definition[] {
  return Array.isArray(checks) ? checks.map(definitionOf) : [];
}

/** Whether it may take anything, also nothing at all: then a member of it is not required. */
function mayTakeAnything(schema: unknown): boolean {
  const definition = definitionOf(schema);
  if (TAKES_ANYTHING.has(definition["type"]) || definition["coerce"] === true) return true;
  const { options } = definition;
  if (Array.isArray(options) && options.some(mayTakeAnything)) return true;
  return INNER.some((name) => name in definition && mayTakeAnything(definition[name]));
}

/** `format` says more than zod's pattern in some formats, and a pattern's flags cannot be said. */
function loosenText(definitions: readonly Definition[], jsonSchema: Record<string, unknown>): void {
  delete jsonSchema["format"];
  delete jsonSchema["contentEncoding"];
  const patterns = definitions.flatMap(({ pattern }) => (pattern instanceof RegExp ? [pattern] : []));
  const isSame = ({ flags, source }: RegExp): boolean =>
    flags === "u" || (flags === "" && !UNICODE_MATTERS.test(source));
  if (patterns.length > 0 && patterns.every(isSame)) return;
  delete jsonSchema["pattern"];
  const { allOf } = jsonSchema;
  if (Array.isArray(allOf) && allOf.some((one) => isObject(one) && "pattern" in one))
    delete jsonSchema["allOf"];
}

function loosenMembers(definition: Definition, jsonSchema: Record<string, unknown>): void {
  // Names of members are text in JSON; zod takes them for numbers where it is told so.
  delete jsonSchema["propertyNames"];
  const { shape } = definition;
  const { required } = jsonSchema;
  if (!Array.isArray(required)) return;
  const stillRequired = isObject(shape)
    ? required.filter((name) => typeof name === "string" && !mayTakeAnything(shape[name]))
    : [];
  if (stillRequired.length > 0) jsonSchema["required"] = stillRequired;
  else delete jsonSchema["required"];
}

function keepOnly(jsonSchema: Record<string, unknown>, keywords: readonly string[]): void {
  for (const keyword of Object.keys(jsonSchema)) if (!keywords.includes(keyword)) delete jsonSchema[keyword];
}
