import { parseExact } from "./exact-json.ts";

/** A field of an input, as far as a form can show it. What it cannot is typed as JSON. */
export interface InputField {
  readonly name: string;
  readonly kind: "text" | "long-text" | "number" | "boolean" | "choice" | "json";
  readonly isRequired: boolean;
  readonly hint: string;
  readonly choices: readonly string[];
  /** What is used when it is left out. */
  readonly fallback: string;
}

type Schema = Readonly<Record<string, unknown>>;

const LONG_TEXT = 300;

/** The fields of a JSON Schema of an object; undefined when a form cannot show it, and JSON is typed. */
export function inputFields(schema: unknown): InputField[] | undefined {
  if (!isSchema(schema) || !isSchema(schema["properties"])) return undefined;
  if (["oneOf", "anyOf", "allOf", "$ref", "if"].some((name) => name in schema)) return undefined;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields = Object.entries(schema["properties"]).map(([name, field]): InputField => {
    const one = isSchema(field) ? field : {};
    const fallback = one["default"] === undefined ? "" : toText(one["default"]);
    return {
      name,
      kind: kindOf(one),
      // A field with a default may be left out, whatever the schema of the parsed value says.
      isRequired: required.includes(name) && one["default"] === undefined,
      hint: hintOf(one, fallback),
      choices: choicesOf(one),
      fallback,
    };
  });
  return fields.toSorted((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

/** What the form says as the input of a job. Throws an `Error` that names the field. */
export function inputOf(fields: readonly InputField[], values: Readonly<Record<string, string>>): unknown {
  const input: Record<string, unknown> = {};
  for (const { name, kind, isRequired } of fields) {
    const text = values[name] ?? "";
    if (text === "" && !(isRequired && (kind === "text" || kind === "long-text"))) continue;
    input[name] = valueOf(name, kind, text);
  }
  return input;
}

function valueOf(name: string, kind: InputField["kind"], text: string): unknown {
  if (kind === "text" || kind === "long-text") return text;
  if (kind === "boolean") return text === "true";
  try {
    return parseExact(kind === "choice" || kind === "json" ? text : text.trim());
  } catch {
    throw new Error(
      kind === "number" ? `${name} must be a number.` : `${name} must be JSON: a text stands in quotes.`,
    );
  }
}

function kindOf(schema: Schema): InputField["kind"] {
  if (choicesOf(schema).length > 0) return "choice";
  switch (schema["type"]) {
    case "string":
      return Number(schema["maxLength"] ?? 0) > LONG_TEXT ? "long-text" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "json";
  }
}

/** As JSON, so that 1 and "1" differ. */
function choicesOf(schema: Schema): string[] {
  return Array.isArray(schema["enum"]) ? schema["enum"].map((value) => JSON.stringify(value)) : [];
}

function hintOf(schema: Schema, fallback: string): string {
  const { description, minimum, maximum, maxLength, contentEncoding } = schema;
  const range =
    typeof minimum === "number" && typeof maximum === "number" && Math.abs(maximum) < Number.MAX_SAFE_INTEGER
      ? `${minimum} to ${maximum}`
      : "";
  return [
    typeof description === "string" ? description : "",
    range,
    typeof maxLength === "number" ? `up to ${maxLength.toLocaleString("en")} characters` : "",
    typeof contentEncoding === "string" ? contentEncoding : "",
    kindOf(schema) === "json" ? "as JSON" : "",
    fallback === "" ? "" : `left out: ${fallback}`,
  ]
    .filter(Boolean)
    .join("; ");
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
