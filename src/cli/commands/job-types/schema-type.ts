import { cut } from "../../../core/lib/cut.ts";

/** Characters of a type. A schema can be written so that its references multiply without end. */
const TYPE_MAX = 50_000;
const DEPTH_MAX = 40;
const COMMENT_MAX = 200;
/** Nobody sees them, or they turn the direction of what stands after them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

type Schema = Readonly<Record<string, unknown>>;

/** What a schema has been written into so far, and what its references lead into. */
interface Writing {
  readonly root: unknown;
  /** References that are being followed: one that comes again is of a schema that holds itself. */
  readonly following: ReadonlySet<string>;
  readonly budget: { left: number };
  readonly depth: number;
}

/**
 * A TypeScript type of what a JSON Schema accepts. What TypeScript cannot say is left out, so that the type may
 * accept more than the schema: formats, ranges, `not`, conditions. A schema that holds itself, or is very large, is
 * `unknown` from there on. Names and texts of a schema are quoted, so that none of them can become code.
 */
export function schemaType(schema: unknown, indent = ""): string {
  return write(schema, indent, {
    root: schema,
    following: new Set(),
    budget: { left: TYPE_MAX },
    depth: 0,
  });
}

/** A text as a literal of TypeScript. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(UNSEEN, (unseen) =>
    Array.from({ length: unseen.length }, (_, at) => {
      const hex = unseen.charCodeAt(at).toString(16);
      return String.raw`\u${hex.padStart(4, "0")}`;
    }).join(""),
  );
}

function write(schema: unknown, indent: string, writing: Writing): string {
  if (schema === false) return "never";
  if (!isObject(schema) || writing.depth > DEPTH_MAX || writing.budget.left <= 0) return "unknown";
  const deeper = { ...writing, depth: writing.depth + 1 };
  const parts = [
    ...referenced(schema, indent, deeper),
    ...own(schema, indent, deeper),
    ...listOf(schema["allOf"]).map((part) => write(part, indent, deeper)),
    ...[schema["anyOf"], schema["oneOf"]].flatMap((choices) => chosen(listOf(choices), indent, deeper)),
  ].filter((part) => part !== "unknown");
  const type = joined(parts, " & ");
  writing.budget.left -= type.length;
  return type;
}

function referenced(schema: Schema, indent: string, writing: Writing): string[] {
  const reference = schema["$ref"];
  if (typeof reference !== "string" || writing.following.has(reference)) return [];
  const following = new Set([...writing.following, reference]);
  return [write(find(writing.root, reference), indent, { ...writing, following })];
}

/** What stands at a pointer within the document; undefined for any other reference. */
function find(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let found = root;
  for (const part of reference.slice(2).split("/")) {
    const name = decode(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = found[Number(name)] as unknown;
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function chosen(choices: readonly unknown[], indent: string, writing: Writing): string[] {
  if (choices.length === 0) return [];
  const types = choices.map((choice) => write(choice, indent, writing));
  return [types.includes("unknown") ? "unknown" : joined(types, " | ")];
}

/** What a schema says by its own keywords. */
function own(schema: Schema, indent: string, writing: Writing): string[] {
  if ("const" in schema) return [literal(schema["const"])];
  if (Array.isArray(schema["enum"])) return [joined(schema["enum"].map(literal), " | ")];
  const names = typesOf(schema);
  if (names.length === 0) return [];
  return [
    joined(
      names.map((name) => {
        if (name === "object") return objectType(schema, indent, writing);
        if (name === "array") return arrayType(schema, indent, writing);
        return PRIMITIVES[name] ?? "unknown";
      }),
      " | ",
    ),
  ];
}

/** Who names properties or items means an object or an array, also without saying so. */
function typesOf(schema: Schema): string[] {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.map(String);
  if ("properties" in schema || "required" in schema) return ["object"];
  return "items" in schema || "prefixItems" in schema ? ["array"] : [];
}

function objectType(schema: Schema, indent: string, writing: Writing): string {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(listOf(schema["required"]).map(String));
  const deeper = `${indent}  `;
  const fields = Object.entries(properties).map(([name, property]) => {
    const type = write(property, deeper, writing);
    return `${comment(property, deeper)}${deeper}${quote(name)}${required.has(name) ? "" : "?"}: ${type};`;
  });
  for (const name of required)
    if (!Object.hasOwn(properties, name)) fields.push(`${deeper}${quote(name)}: unknown;`);
  const others = schema["additionalProperties"];
  if (others !== false || "patternProperties" in schema) {
    // Where some are named, TypeScript wants all others to be like them.
    const type = fields.length === 0 && isObject(others) ? write(others, deeper, writing) : "unknown";
    fields.push(`${deeper}[name: string]: ${type};`);
  }
  return fields.length === 0 ? "Record<string, never>" : `{\n${fields.join("\n")}\n${indent}}`;
}

/** Of any length: those that are named by their place stand beside the others. */
function arrayType(schema: Schema, indent: string, writing: Writing): string {
  const items = schema["items"];
  const places = listOf(schema["prefixItems"]).map((item) => write(item, indent, writing));
  const others = items === false && places.length > 0 ? [] : [write(items, indent, writing)];
  const types = [...places, ...others];
  return types.includes("unknown") ? "unknown[]" : `(${joined(types, " | ")})[]`;
}

function literal(value: unknown): string {
  if (typeof value === "string") return quote(value);
  return typeof value === "object" && value !== null ? "unknown" : JSON.stringify(value);
}

/** Parts of which each is one type. `unknown` for none. */
function joined(parts: readonly string[], by: " & " | " | "): string {
  const different = [...new Set(parts)];
  const [only] = different;
  if (only === undefined) return "unknown";
  return different.length === 1 ? only : different.map((part) => `(${part})`).join(by);
}

function comment(schema: unknown, indent: string): string {
  const text = isObject(schema) ? schema["description"] : undefined;
  if (typeof text !== "string" || text.trim() === "") return "";
  const line = cut(text.replaceAll(/\s+/g, " ").replaceAll(UNSEEN, " ").trim(), COMMENT_MAX);
  return `${indent}/** ${line.replaceAll("*/", String.raw`*\/`)} */\n`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
