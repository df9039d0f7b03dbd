import { isObject } from "./keyword-forms.ts";
import type { Keyword, Parts } from "./keyword.ts";
import { patternCheck } from "./pattern.ts";
import type { Check, Marks, Node, Run } from "./run.ts";

type Members = Readonly<Record<string, unknown>>;

function ofObject(check: (members: Members, run: Run, marks: Marks | undefined) => boolean): Check {
  return (value, run, marks) => !isObject(value) || check(value, run, marks);
}

/** `checkForms` has seen that it is an array of texts. */
const asNames = (value: unknown): readonly string[] => value as readonly string[];

function required(names: readonly string[], when = ""): Check {
  return ofObject((members, run) => {
    run.take(names.length / 4);
    let passes = true;
    for (const name of names) {
      if (Object.hasOwn(members, name)) continue;
      passes = run.fail(`must have required property '${name}'${when}`);
      if (run.isFull) break;
    }
    return passes;
  });
}

function dependentRequired(value: unknown): Check {
  const checks = Object.entries(value as object).map(
    ([name, names]) => [name, required(asNames(names), ` because it has '${name}'`)] as const,
  );
  return ofObject((members, run) => {
    let passes = true;
    for (const [name, check] of checks) {
      if (Object.hasOwn(members, name) && !check(members, run, undefined)) passes = false;
    }
    return passes;
  });
}

function dependentSchemas(value: unknown, { compile }: Parts): Check {
  const nodes = compileMap(value, compile);
  return ofObject((members, run, marks) => {
    let passes = true;
    for (const [name, node] of nodes) {
      if (Object.hasOwn(members, name) && !run.matches(node, members, marks)) passes = false;
    }
    return passes;
  });
}

function propertyNames(value: unknown, { compile }: Parts): Check {
  const node = compile(value);
  return ofObject((members, run) => {
    let passes = true;
    for (const name of Object.keys(members)) {
      if (run.tries(node, name, undefined)) continue;
      passes = run.fail(`must NOT have a property with the name ${JSON.stringify(name)}`);
      if (run.isFull) break;
    }
    return passes;
  });
}

function unevaluatedProperties(value: unknown, { compile }: Parts): Check {
  const node = compile(value);
  return ofObject((members, run, marks) => {
    if (!marks || marks.allNames) return true;
    let passes = true;
    for (const name of Object.keys(members)) {
      if (marks.names.has(name) || matchesRest(node, name, members, run)) continue;
      passes = false;
      if (run.isFull) break;
    }
    marks.allNames = true;
    return passes;
  });
}

/** A member that nothing else describes. That it may not be is said of the object, with its name. */
function matchesRest(node: Node, name: string, members: Members, run: Run): boolean {
  if (node.isFalse) return run.fail(`must NOT have additional properties "${name}"`);
  return run.matchesAt(name, node, members[name]);
}

/** `properties`, `patternProperties` and `additionalProperties` in one walk over the members. */
export function membersCheck(_value: unknown, { schema, compile }: Parts): Check {
  const named = new Map(compileMap(schema["properties"] ?? {}, compile));
  const patterns = compileMap(schema["patternProperties"] ?? {}, compile).map(([source, node]) => ({
    matches: patternCheck(source),
    node,
  }));
  const rest =
    schema["additionalProperties"] === undefined ? undefined : compile(schema["additionalProperties"]);

  function member(name: string, members: Members, run: Run, marks: Marks | undefined): boolean {
    const node = named.get(name);
    let isKnown = node !== undefined;
    let passes = node === undefined || run.matchesAt(name, node, members[name]);
    for (const pattern of patterns) {
      if (!pattern.matches(name, run)) continue;
      isKnown = true;
      passes = run.matchesAt(name, pattern.node, members[name]) && passes;
    }
    if (isKnown) marks?.names.add(name);
    else if (rest !== undefined) passes = matchesRest(rest, name, members, run);
    return passes;
  }

  return ofObject((members, run, marks) => {
    if (marks && rest !== undefined) marks.allNames = true;
    let passes = true;
    const names = Object.keys(members);
    run.take(names.length / 2);
    for (const name of names) {
      if (member(name, members, run, marks)) continue;
      passes = false;
      if (run.isFull) break;
    }
    return passes;
  });
}

function compileMap(value: unknown, compile: (schema: unknown) => Node): [string, Node][] {
  // `checkForms` has seen that it is an object of schemas.
  return Object.entries(value as object).map(([name, schema]) => [name, compile(schema)]);
}

/** Keywords that look at an object. Its members are its own ones: `constructor` is a name like any other. */
export const OBJECT_KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["required", (names) => required(asNames(names))],
  [
    "maxProperties",
    (max) =>
      ofObject(
        (members, run) =>
          Object.keys(members).length <= Number(max) ||
          run.fail(`must NOT have more than ${String(max)} properties`),
      ),
  ],
  [
    "minProperties",
    (min) =>
      ofObject(
        (members, run) =>
          Object.keys(members).length >= Number(min) ||
          run.fail(`must NOT have fewer than ${String(min)} properties`),
      ),
  ],
  ["dependentRequired", dependentRequired],
  ["dependentSchemas", dependentSchemas],
  ["propertyNames", propertyNames],
  ["unevaluatedProperties", unevaluatedProperties],
]);
