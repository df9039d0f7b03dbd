import { isDivisible } from "./is-divisible.ts";
import { SchemaFault } from "./schema-fault.ts";

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Form = (value: unknown) => string | undefined;

const isSchema = (value: unknown): boolean => typeof value === "boolean" || isObject(value);
const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0 && isDivisible(value, 1);
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

const must =
  (holds: (value: unknown) => boolean, what: string): Form =>
  (value) =>
    holds(value) ? undefined : `must be ${what}`;

const schema = must(isSchema, "a schema: an object, true or false");
const schemas = must(
  (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema),
  "an array of at least one schema",
);
const schemaMap = must(
  (value) => isObject(value) && Object.values(value).every(isSchema),
  "an object whose values are schemas",
);
const count = must(isCount, "an integer of at least 0");
const number = must((value) => typeof value === "number", "a number");
const flag = must((value) => typeof value === "boolean", "true or false");
const string = must((value) => typeof value === "string", "text");
const names = must(
  (value) => isStrings(value) && new Set(value).size === value.length,
  "an array of different texts",
);

export const TYPES: readonly unknown[] = [
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
];

const types = must(
  (value) =>
    Array.isArray(value)
      ? value.length > 0 && value.every((one) => TYPES.includes(one)) && new Set(value).size === value.length
      : TYPES.includes(value),
  `one of ${TYPES.join(", ")}, or an array of some of them`,
);
const anchor = must(
  (value) => typeof value === "string" && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value),
  "a letter or _, then letters, figures, -, . and _",
);

/** The form that draft 2020-12 demands of a keyword's value. An unknown keyword has none. */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ["$id", must((value) => typeof value === "string" && /^[^#]*#?$/.test(value), "a URI without a fragment")],
  ["$schema", string],
  ["$ref", string],
  ["$dynamicRef", string],
  ["$anchor", anchor],
  ["$dynamicAnchor", anchor],
  ["$vocabulary", must(isObject, "an object")],
  ["$comment", string],
  ["$defs", schemaMap],
  ["definitions", schemaMap],
  ["allOf", schemas],
  ["anyOf", schemas],
  ["oneOf", schemas],
  ["prefixItems", schemas],
  ["not", schema],
  ["if", schema],
  ["then", schema],
  ["else", schema],
  ["items", schema],
  ["contains", schema],
  ["additionalProperties", schema],
  ["propertyNames", schema],
  ["unevaluatedItems", schema],
  ["unevaluatedProperties", schema],
  ["contentSchema", schema],
  ["properties", schemaMap],
  ["patternProperties", schemaMap],
  ["dependentSchemas", schemaMap],
  [
    "dependentRequired",
    must(
      (value) =>
        isObject(value) &&
        Object.values(value).every((one) => isStrings(one) && new Set(one).size === one.length),
      "an object whose values are arrays of different texts",
    ),
  ],
  ["type", types],
  ["enum", must(Array.isArray, "an array")],
  ["required", names],
  ["multipleOf", must((value) => typeof value === "number" && value > 0, "a number above 0")],
  ["maximum", number],
  ["exclusiveMaximum", number],
  ["minimum", number],
  ["exclusiveMinimum", number],
  ["maxLength", count],
  ["minLength", count],
  ["maxItems", count],
  ["minItems", count],
  ["maxContains", count],
  ["minContains", count],
  ["maxProperties", count],
  ["minProperties", count],
  ["uniqueItems", flag],
  ["pattern", string],
  ["format", string],
  ["title", string],
  ["description", string],
  ["deprecated", flag],
  ["readOnly", flag],
  ["writeOnly", flag],
  ["examples", must(Array.isArray, "an array")],
  ["contentEncoding", string],
  ["contentMediaType", string],
]);

/** Throws a `SchemaFault` when a keyword of this schema object has not the form that the draft demands. */
export function checkForms(schemaObject: Readonly<Record<string, unknown>>, pointer: string): void {
  for (const [keyword, value] of Object.entries(schemaObject)) {
    const fault = FORMS.get(keyword)?.(value);
    if (fault !== undefined) throw new SchemaFault(`${pointer}/${keyword}`, fault);
  }
}
