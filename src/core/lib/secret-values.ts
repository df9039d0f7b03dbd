/** How deep a schema is followed. Deeper ones are said to hide too much to look for. */
const DEPTH_MAX = 64;
/** How many pairs of a schema and a value are looked at. */
const STEPS_MAX = 50_000;
/** Keywords whose schemas hold for the same value. */
const SAME_VALUE = ["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "not"];

/** Whether a schema may say of anything that it is secret. */
export function hasSecrets(schema: object): boolean {
  return /"writeOnly":true|"format":"password"/.test(JSON.stringify(schema));
}

/**
 * The secret values of an input: those that its JSON Schema marks with `writeOnly: true`, or `format: "password"`,
 * as text. Whatever branch of the schema holds, both are taken: too much is hidden rather than too little.
 * Undefined when there are more than `max`, or when the schema cannot say: it is too deep, or has a reference that
 * cannot be read. Never throws.
 */
export function findSecretValues(schema: object, input: unknown, max: number): readonly string[] | undefined {
  const search: Search = { root: schema, found: new Set(), steps: 0, max };
  try {
    return look(schema, input, search, 0) ? [...search.found] : undefined;
  } catch {
    return undefined;
  }
}

interface Search {
  readonly root: object;
  readonly found: Set<string>;
  steps: number;
  readonly max: number;
}

/** False when there is no end to it. */
function look(schema: unknown, value: unknown, search: Search, depth: number): boolean {
  if (!isRecord(schema)) return true;
  search.steps += 1;
  if (depth > DEPTH_MAX || search.steps > STEPS_MAX) return false;
  if (schema["writeOnly"] === true || schema["format"] === "password") return take(value, search, depth);
  if (typeof schema["$ref"] === "string") {
    if (!look(resolve(search.root, schema["$ref"]), value, search, depth + 1)) return false;
  }
  for (const keyword of SAME_VALUE) {
    const inner = schema[keyword];
    if (inner === undefined) continue;
    const branches = Array.isArray(inner)
      ? inner
      : keyword === "dependentSchemas" && isRecord(inner)
        ? Object.values(inner)
        : [inner];
    if (!branches.every((branch) => look(branch, value, search, depth + 1))) return false;
  }
  if (Array.isArray(value)) return lookAtElements(schema, value, search, depth);
  return isRecord(value) ? lookAtProperties(schema, value, search, depth) : true;
}

function lookAtElements(
  schema: Readonly<Record<string, unknown>>,
  value: readonly unknown[],
  search: Search,
  depth: number,
): boolean {
  const { prefixItems, items, contains, unevaluatedItems } = schema;
  const first: readonly unknown[] = Array.isArray(prefixItems)
    ? prefixItems
    : Array.isArray(items)
      ? items
      : [];
  const rest = [Array.isArray(items) ? undefined : items, contains, unevaluatedItems].filter(isRecord);
  if (first.length === 0 && rest.length === 0) return true;
  return value.every(
    (element, n) =>
      look(first[n], element, search, depth + 1) &&
      rest.every((one) => look(one, element, search, depth + 1)),
  );
}

/** The patterns of names are not run: each schema of `patternProperties` is taken to hold for each property. */
function lookAtProperties(
  schema: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
  search: Search,
  depth: number,
): boolean {
  const named = isRecord(schema["properties"]) ? schema["properties"] : {};
  const others = [
    schema["additionalProperties"],
    schema["unevaluatedProperties"],
    ...(isRecord(schema["patternProperties"]) ? Object.values(schema["patternProperties"]) : []),
  ].filter(isRecord);
  for (const [name, property] of Object.entries(value)) {
    const own = Object.hasOwn(named, name) ? named[name] : undefined;
    if (![own, ...others].every((one) => look(one, property, search, depth + 1))) return false;
  }
  return true;
}

/** All texts and numbers in a secret value. */
function take(value: unknown, search: Search, depth: number): boolean {
  search.steps += 1;
  if (depth > 2 * DEPTH_MAX || search.steps > STEPS_MAX) return false;
  if (typeof value === "string" || typeof value === "number") {
    search.found.add(String(value));
    return search.found.size <= search.max;
  }
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every((inner) => take(inner, search, depth + 1));
}

/** What a `$ref` within the document points to; undefined for any other. */
function resolve(root: object, ref: string): unknown {
  if (!ref.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    // Own, as the line before says; an array's elements are its properties.
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
