import { documentAnswers, type OperationNotes } from "./document-answers.ts";

/** Formats that say the same as their pattern, so that the pattern is left out. */
const FORMATS = new Set(["uuid", "date-time", "email"]);
const REFERENCE = /#\/components\/schemas\/(\w+)/g;
/** The type provider creates two forms of every schema and names the form for requests `<id>Input`. */
const INPUT = /Input$/;

interface Operation {
  operationId: string;
  responses: Parameters<typeof documentAnswers>[0];
  requestBody?: { required?: boolean; content: Record<string, { schema: { anyOf?: { type?: string }[] } }> };
}

interface Schema {
  properties?: Record<string, { default?: unknown; description?: string }>;
}

interface Document {
  components: { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
  /** What the platform sends to others. */
  webhooks?: unknown;
}

/**
 * The generated document as a person would write it: only schemas that are used, under their own names,
 * without redundant members.
 */
export function tidyDocument<Generated extends object>(
  generated: Generated,
  notes: ReadonlyMap<string, OperationNotes>,
): Generated {
  // `jsonSchemaTransformObject` generated it from our routes, so its form is known.
  const document = withoutRedundancy(generated) as unknown as Document;
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    requireBody(operation);
    const known = notes.get(operation.operationId);
    if (known) documentAnswers(operation.responses, known);
  }
  for (const schema of Object.values(document.components.schemas)) describeDefaults(schema);
  document.components.schemas = onlyUsed(document);
  return withShortNames(document) as unknown as Generated;
}

function withoutRedundancy<T extends object>(document: T): T {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key === "minimum" && value === Number.MIN_SAFE_INTEGER) return undefined;
    if (key === "maximum" && value === Number.MAX_SAFE_INTEGER) return undefined;
    if (typeof value !== "object" || value === null || !("format" in value) || !("pattern" in value))
      return value;
    const { pattern: _pattern, ...rest } = value;
    return FORMATS.has(String(value.format)) ? rest : value;
    // The result is the input without a few members that its type does not name.
  }) as T;
}

/** A body is required unless its schema accepts null. */
function requireBody({ requestBody }: Operation): void {
  if (!requestBody) return;
  const schemas = Object.values(requestBody.content).map((media) => media.schema);
  requestBody.required = !schemas.some((schema) => schema.anyOf?.some(({ type }) => type === "null"));
}

/**
 * Says what a field is when it is left out in its description. Generators of clients take a field with a
 * `default` for one that is always there, and then make everybody send it.
 */
function describeDefaults({ properties = {} }: Schema): void {
  for (const property of Object.values(properties)) {
    if (property.default === undefined) continue;
    const leftOut = `Left out: ${JSON.stringify(property.default)}.`;
    property.description = property.description ? `${property.description} ${leftOut}` : leftOut;
    delete property.default;
  }
}

function onlyUsed({ paths, webhooks, components: { schemas } }: Document): Record<string, Schema> {
  const used = new Set<string>();
  const visit = (part: unknown): void => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(REFERENCE)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit({ paths, webhooks });
  return Object.fromEntries([...used].toSorted().map((name) => [name, schemas[name] ?? {}]));
}

function withShortNames(document: Document): Document {
  const { schemas } = document.components;
  const shortOf = (name: string): string => {
    const short = name.replace(INPUT, "");
    return short in schemas ? name : short;
  };
  const renamed = Object.entries(schemas).map(([name, schema]) => [shortOf(name), schema] as const);
  const text = JSON.stringify({
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(renamed) },
  });
  // The same document with other names of schemas.
  return JSON.parse(
    text.replace(REFERENCE, (_whole, name: string) => `#/components/schemas/${shortOf(name)}`),
  ) as Document;
}
