import type { Keyword, Parts } from "./keyword.ts";
import type { Check, Node } from "./run.ts";

function reference(keyword: "$ref" | "$dynamicRef"): Keyword {
  return (value, { resolve, isFixed }) => {
    const { node, dynamicAnchor } = resolve(String(value), keyword);
    if (keyword === "$ref" || dynamicAnchor === undefined) {
      return (input, run, marks) => run.matchesReferred(node, input, marks, isFixed());
    }
    return (input, run, marks) =>
      run.matchesReferred(run.outermost(dynamicAnchor) ?? node, input, marks, false);
  };
}

function allOf(value: unknown, { compile }: Parts): Check {
  const nodes = compileList(value, compile);
  return (input, run, marks) => {
    let passes = true;
    for (const node of nodes) {
      if (run.matches(node, input, marks)) continue;
      passes = false;
      if (run.isFull) break;
    }
    return passes;
  };
}

function anyOf(value: unknown, { compile }: Parts): Check {
  const nodes = compileList(value, compile);
  return (input, run, marks) => {
    let passes = false;
    for (const node of nodes) {
      if (!run.tries(node, input, marks)) continue;
      passes = true;
      // With marks, each that matches says what it has looked at.
      if (!marks) break;
    }
    return passes || run.fail("must match a schema in anyOf");
  };
}

function oneOf(value: unknown, { compile }: Parts): Check {
  const nodes = compileList(value, compile);
  return (input, run, marks) => {
    let matching = 0;
    for (const node of nodes) {
      if (run.tries(node, input, marks)) matching += 1;
      if (matching > 1) break;
    }
    return matching === 1 || run.fail("must match exactly one schema in oneOf");
  };
}

function not(value: unknown, { compile }: Parts): Check {
  const node = compile(value);
  return (input, run) => !run.tries(node, input, undefined) || run.fail("must NOT be valid");
}

function conditional(value: unknown, { compile, schema }: Parts): Check {
  const condition = compile(value);
  const compileBranch = (branch: unknown): Node | undefined =>
    branch === undefined ? undefined : compile(branch);
  const passed = compileBranch(schema["then"]);
  const failed = compileBranch(schema["else"]);
  return (input, run, marks) => {
    const branch = run.tries(condition, input, marks) ? passed : failed;
    return branch === undefined || run.matches(branch, input, marks);
  };
}

function compileList(value: unknown, compile: Parts["compile"]): Node[] {
  // `checkForms` has seen that it is an array of schemas.
  return (value as readonly unknown[]).map(compile);
}

/** Keywords that try other schemas at the same place. */
export const LOGIC_KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["$ref", reference("$ref")],
  ["$dynamicRef", reference("$dynamicRef")],
  ["allOf", allOf],
  ["anyOf", anyOf],
  ["oneOf", oneOf],
  ["not", not],
  ["if", conditional],
]);
