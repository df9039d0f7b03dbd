import { escapePointer } from "../json.ts";
import { checkForms, isObject } from "./keyword-forms.ts";
import { DIALECT, metaschemas } from "./metaschemas.ts";
import { resolveUri } from "./resolve-uri.ts";
import type { Node } from "./run.ts";
import { SchemaFault } from "./schema-fault.ts";

/** A schema resource: the root of the document, and each schema in it that has an `$id`. */
export interface Resource {
  readonly uri: string;
  readonly root: unknown;
  /** Schemas by their `$anchor` or `$dynamicAnchor`. */
  readonly anchors: Map<string, unknown>;
  readonly dynamicAnchors: Map<string, unknown>;
  /** The same, ready to be run. */
  readonly dynamicNodes: Map<string, Node>;
}

interface Place {
  readonly resource: Resource;
  readonly pointer: string;
}

/** What a reference leads to. */
export interface Target {
  readonly schema: unknown;
  readonly place: Place;
  /** Whether the fragment of the reference is a `$dynamicAnchor`. */
  readonly dynamicAnchor: string | undefined;
}

const ONE_SCHEMA = new Set([
  "not",
  "if",
  "then",
  "else",
  "items",
  "contains",
  "additionalProperties",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
  "contentSchema",
]);
const LIST_OF_SCHEMAS = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const MAP_OF_SCHEMAS = new Set([
  "$defs",
  "definitions",
  "properties",
  "patternProperties",
  "dependentSchemas",
]);
/** Where a document begins that has no `$id`. */
const ROOT_URI = "schema:///";

/** A schema with all that it holds: which schema stands where, under which URI, and where references lead. */
export class SchemaDocument {
  readonly #resources = new Map<string, Resource>();
  readonly #places = new Map<object, Place>();
  #hasMetaschemas = false;
  #hasDynamicReferences = false;

  /** Throws a `SchemaFault` when something in it has not the form of draft 2020-12. */
  constructor(root: unknown) {
    this.#addRoot(root, ROOT_URI);
  }

  get hasDynamicReferences(): boolean {
    return this.#hasDynamicReferences;
  }

  /** All that it knows, with those that references brought in. */
  get resources(): Iterable<Resource> {
    return this.#resources.values();
  }

  /** Where a schema object of this document stands. */
  placeOf(schema: object): Place {
    const place = this.#places.get(schema);
    if (place === undefined) throw new Error("the schema is not of this document");
    return place;
  }

  /** Finds what a `$ref` or `$dynamicRef` leads to. Throws a `SchemaFault` when that is not in the document. */
  resolve(reference: string, from: Place, keyword: string): Target {
    const [uri, fragment] = cutFragment(resolveUri(from.resource.uri, reference));
    const fault = (message: string): SchemaFault => new SchemaFault(`${from.pointer}/${keyword}`, message);
    const resource = this.#findResource(uri);
    if (resource === undefined) {
      throw fault(
        `can't resolve reference ${reference}: other documents are not fetched, put what it needs into "$defs"`,
      );
    }
    if (fragment === "" || fragment.startsWith("/")) {
      const target = this.#follow(resource, fragment);
      if (target === undefined) throw fault(`can't resolve reference ${reference}: nothing stands there`);
      return target;
    }
    const schema = resource.anchors.get(fragment);
    if (schema === undefined) throw fault(`can't resolve reference ${reference}: there is no such anchor`);
    const dynamicAnchor = resource.dynamicAnchors.has(fragment) ? fragment : undefined;
    return { schema, place: this.#placeOfTarget(schema, resource, ""), dynamicAnchor };
  }

  #findResource(uri: string): Resource | undefined {
    const known = this.#resources.get(uri);
    if (known !== undefined || this.#hasMetaschemas || !uri.startsWith(DIALECT.replace(/schema$/, ""))) {
      return known;
    }
    this.#hasMetaschemas = true;
    for (const document of metaschemas()) {
      if (!this.#resources.has(document.$id)) this.#addRoot(document, document.$id);
    }
    return this.#resources.get(uri);
  }

  /** Follows a JSON pointer, also to where no keyword has a schema. Schemas on the way may change the URI. */
  #follow(resource: Resource, fragment: string): Target | undefined {
    let schema = resource.root;
    let place = this.#placeOfTarget(schema, resource, "");
    for (const token of decode(fragment).split("/").slice(1)) {
      const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof schema !== "object" || schema === null || !Object.hasOwn(schema, name)) return undefined;
      // An own member of an object or an array, as was just seen.
      schema = (schema as Readonly<Record<string, unknown>>)[name];
      const known = typeof schema === "object" && schema !== null ? this.#places.get(schema) : undefined;
      place = known ?? { resource: place.resource, pointer: `${place.pointer}/${escapePointer(name)}` };
    }
    if (typeof schema !== "boolean" && !isObject(schema)) return undefined;
    if (isObject(schema) && !this.#places.has(schema)) this.#add(schema, place.resource, place.pointer);
    return { schema, place, dynamicAnchor: undefined };
  }

  #placeOfTarget(schema: unknown, resource: Resource, pointer: string): Place {
    return (isObject(schema) ? this.#places.get(schema) : undefined) ?? { resource, pointer };
  }

  #addRoot(root: unknown, uri: string): void {
    const resource = this.#openResource(root, uri, "");
    if (isObject(root)) this.#add(root, resource, "", true);
  }

  #openResource(root: unknown, base: string, pointer: string): Resource {
    const id = isObject(root) ? root["$id"] : undefined;
    const [uri = base] = typeof id === "string" ? cutFragment(resolveUri(base, id)) : [base];
    if (this.#resources.has(uri)) throw new SchemaFault(`${pointer}/$id`, `"${uri}" stands twice`);
    const resource = { uri, root, anchors: new Map(), dynamicAnchors: new Map(), dynamicNodes: new Map() };
    this.#resources.set(uri, resource);
    return resource;
  }

  #add(schema: Readonly<Record<string, unknown>>, outer: Resource, pointer: string, isRoot = false): void {
    checkForms(schema, pointer);
    checkDialect(schema, pointer);
    const resource =
      isRoot || schema["$id"] === undefined ? outer : this.#openResource(schema, outer.uri, pointer);
    this.#places.set(schema, { resource, pointer });
    if (schema["$dynamicRef"] !== undefined) this.#hasDynamicReferences = true;
    addAnchors(schema, resource, pointer);
    for (const [keyword, value] of Object.entries(schema)) {
      const below = `${pointer}/${escapePointer(keyword)}`;
      if (ONE_SCHEMA.has(keyword)) this.#addIfObject(value, resource, below);
      else if (LIST_OF_SCHEMAS.has(keyword) || MAP_OF_SCHEMAS.has(keyword)) {
        // `checkForms` has seen that it is an array or an object.
        for (const [name, one] of Object.entries(value as object))
          this.#addIfObject(one, resource, `${below}/${escapePointer(name)}`);
      }
    }
  }

  #addIfObject(schema: unknown, resource: Resource, pointer: string): void {
    if (isObject(schema)) this.#add(schema, resource, pointer);
  }
}

function addAnchors(schema: Readonly<Record<string, unknown>>, resource: Resource, pointer: string): void {
  for (const keyword of ["$anchor", "$dynamicAnchor"] as const) {
    const name = schema[keyword];
    if (typeof name !== "string") continue;
    if (resource.anchors.has(name) && resource.anchors.get(name) !== schema)
      throw new SchemaFault(`${pointer}/${keyword}`, `"${name}" stands twice`);
    resource.anchors.set(name, schema);
    if (keyword === "$dynamicAnchor") resource.dynamicAnchors.set(name, schema);
  }
}

function checkDialect(schema: Readonly<Record<string, unknown>>, pointer: string): void {
  const dialect = schema["$schema"];
  if (typeof dialect === "string" && dialect.replace(/#$/, "") !== DIALECT)
    throw new SchemaFault(
      `${pointer}/$schema`,
      `must be "${DIALECT}", or left out: no other dialect is read`,
    );
}

function cutFragment(uri: string): [string, string] {
  const at = uri.indexOf("#");
  return at < 0 ? [uri, ""] : [uri.slice(0, at), uri.slice(at + 1)];
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
