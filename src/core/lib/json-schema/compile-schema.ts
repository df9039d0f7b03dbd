import type { FieldError } from "../field-error.ts";
import { ARRAY_KEYWORDS } from "./array-keywords.ts";
import { isObject } from "./keyword-forms.ts";
import type { Keyword } from "./keyword.ts";
import { LOGIC_KEYWORDS } from "./logic-keywords.ts";
import { membersCheck, OBJECT_KEYWORDS } from "./object-keywords.ts";
import { Run, TooDeep, type Node } from "./run.ts";
import { SchemaDocument, type Resource } from "./schema-document.ts";
import { SchemaFault } from "./schema-fault.ts";
import { VALUE_KEYWORDS } from "./value-keywords.ts";

/** Those that look at marks come last. */
const UNEVALUATED = ["unevaluatedProperties", "unevaluatedItems"];
const MEMBERS = ["properties", "patternProperties", "additionalProperties"];

/** A JSON Schema of draft 2020-12 that can be run. */
export interface CompiledSchema {
  /**
   * Returns what is wrong with a value, the first `errorsMax` errors, with pointers into the value. Takes its
   * steps from `budget`: throws `OutOfSteps` when they do not suffice, or when a step may take any time. With
   * `steps: Infinity` it runs to its end, however long that is.
   */
  findErrors(value: unknown, budget: { steps: number }, errorsMax: number): FieldError[];
}

/** Compiles a schema. Nothing of it is shared with another one. Throws a `SchemaFault` when it is none. */
export function compileSchema(schema: unknown): CompiledSchema {
  const root = withEnoughStack(() => new Compiler(new SchemaDocument(schema)).compileAll(schema));
  return {
    findErrors(value, budget, errorsMax) {
      const run = new Run(budget, errorsMax);
      try {
        run.matches(root, value, undefined);
      } catch (error) {
        if (!(error instanceof TooDeep || error instanceof RangeError)) throw error;
        return [{ pointer: "", message: "needs a deeper check than the schema allows" }];
      }
      return run.errors;
    },
  };
}

function withEnoughStack<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SchemaFault("", "is nested too deep");
  }
}

class Compiler {
  readonly #document: SchemaDocument;
  readonly #nodes = new Map<object, Node>();

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  compileAll(schema: unknown): Node {
    const resource: Resource = {
      uri: "",
      root: schema,
      anchors: new Map(),
      dynamicAnchors: new Map(),
      dynamicNodes: new Map(),
    };
    return isObject(schema) ? this.#compileDynamic(schema) : booleanNode(schema, resource);
  }

  /** A `$dynamicRef` may lead to any schema with such an anchor, so all of them are compiled. */
  #compileDynamic(schema: object): Node {
    const root = this.#compile(schema, this.#document.placeOf(schema).resource);
    if (!this.#document.hasDynamicReferences) return root;
    for (const resource of this.#document.resources) {
      for (const [name, dynamic] of resource.dynamicAnchors)
        resource.dynamicNodes.set(name, this.#compile(dynamic, resource));
    }
    return root;
  }

  #compile(schema: unknown, around: Resource): Node {
    if (!isObject(schema)) return booleanNode(schema, around);
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const place = this.#document.placeOf(schema);
    const node: Node = {
      resource: place.resource,
      checks: [],
      isFalse: false,
      marks: UNEVALUATED.some((keyword) => schema[keyword] !== undefined),
    };
    // Before its keywords, because they may refer to it.
    this.#nodes.set(schema, node);
    for (const [keyword, build] of keywordsOf(schema)) {
      const check = atKeyword(`${place.pointer}/${keyword}`, () =>
        build(schema[keyword], {
          schema,
          isFixed: () => !this.#document.hasDynamicReferences,
          compile: (subschema) => this.#compile(subschema, place.resource),
          resolve: (reference, from) => {
            const target = this.#document.resolve(reference, place, from);
            const { resource } = target.place;
            return { node: this.#compile(target.schema, resource), dynamicAnchor: target.dynamicAnchor };
          },
        }),
      );
      if (check !== undefined) node.checks.push(check);
    }
    return node;
  }
}

/** The keywords that a schema has, in the order in which they are checked. */
function keywordsOf(schema: Readonly<Record<string, unknown>>): [string, Keyword][] {
  const found: [string, Keyword][] = [];
  for (const keywords of [VALUE_KEYWORDS, ARRAY_KEYWORDS, OBJECT_KEYWORDS, LOGIC_KEYWORDS]) {
    for (const [keyword, build] of keywords) if (Object.hasOwn(schema, keyword)) found.push([keyword, build]);
  }
  const members = MEMBERS.find((keyword) => Object.hasOwn(schema, keyword));
  if (members !== undefined) found.push([members, membersCheck]);
  return found.toSorted(([a], [b]) => Number(UNEVALUATED.includes(a)) - Number(UNEVALUATED.includes(b)));
}

function atKeyword<T>(pointer: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SchemaFault(pointer, `is no regular expression: ${error.message}`);
  }
}

function booleanNode(schema: unknown, resource: Resource): Node {
  if (schema !== false) return { resource, checks: [], isFalse: false, marks: false };
  return {
    resource,
    checks: [(_value, run) => run.fail("boolean schema is false")],
    isFalse: true,
    marks: false,
  };
}
