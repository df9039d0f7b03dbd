import type { Schema } from "./openapi-schema.ts";

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  null: "None",
  object: "Dict[str, Any]",
  array: "List[Any]",
};

/** The named schemas as types of Python. An object is a TypedDict; one without a name gets one from where it stands. */
export function pythonTypes(schemas: Readonly<Record<string, Schema>>): string[] {
  return Object.entries(schemas).flatMap(([name, schema]) => definitionsOf(name, schema));
}

/** A type that may name those of `pythonTypes`. An object without a name is any. */
export function typeName(schema: Schema): string {
  return typeOf(schema, () => PRIMITIVES["object"] ?? "");
}

export function snakeCase(name: string): string {
  return name
    .replaceAll("-", "_")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The definition of a type, after those of the objects in it. */
function definitionsOf(name: string, schema: Schema): string[] {
  const before: string[] = [];
  const taken = new Set([name]);
  const define = (wanted: string, inner: Schema): string => {
    let free = wanted;
    for (let n = 2; taken.has(free); n += 1) free = `${wanted}${n}`;
    taken.add(free);
    before.push(...typedDict(free, inner, define));
    return free;
  };
  const own = schema.properties
    ? typedDict(name, schema, define)
    : [`${name} = ${aliasOf(typeOf(schema, (inner) => define(`${name}Variant`, inner)))}`];
  return [...before, ...own];
}

function typedDict(
  name: string,
  schema: Schema,
  define: (wanted: string, inner: Schema) => string,
): string[] {
  const { properties = {}, required = [] } = schema;
  // By function, because names of fields may be keywords. In quotes, because types may stand below.
  const fields = Object.entries(properties).map(([field, inner]) => {
    const type = typeOf(inner, (object) => define(`${name}${pascalCase(field)}`, object));
    const text = required.includes(field) ? type : `NotRequired[${type}]`;
    return `    "${field}": ${JSON.stringify(text).replaceAll('\\"', "'")},`;
  });
  return [`${name} = TypedDict("${name}", {`, ...fields, "})"];
}

function typeOf(schema: Schema, define: (object: Schema) => string): string {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "Any";
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return union(choices.map((choice) => typeOf(choice, define)));
  if (schema.enum) return `Literal[${schema.enum.map(literal).join(", ")}]`;
  if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`;
  if (schema.items) return `List[${typeOf(schema.items, define)}]`;
  if (schema.properties && Object.keys(schema.properties).length > 0) return define(schema);
  if (typeof schema.additionalProperties === "object")
    return `Dict[str, ${typeOf(schema.additionalProperties, define)}]`;
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? "Any" : union(types.map((type) => PRIMITIVES[type] ?? "Any"));
}

function union(types: readonly string[]): string {
  const different = [...new Set(types)];
  return different.length === 1 ? (different[0] ?? "Any") : `Union[${different.join(", ")}]`;
}

/** An alias is evaluated where it stands: names in it may stand below. */
function aliasOf(type: string): string {
  return type.replaceAll(/\b[A-Z]\w*\b(?!\[)/g, (name) =>
    name === "Any" || name === "None" ? name : `"${name}"`,
  );
}

function literal(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)(\w)/g, (_whole, letter: string) => letter.toUpperCase());
}
