import { join, relative } from "node:path";
import {
  isArrowFunction,
  isBindingElement,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionTypeNode,
  isGetAccessorDeclaration,
  isIdentifier,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isParameterDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isVariableDeclaration,
  type Node,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

export interface DeclaredName {
  /** From the project's folder on. */
  readonly file: string;
  /** Without the `#` of a private member, or the `_` of what is not used. */
  readonly name: string;
  /** What it stands for: something that is called, or anything else. */
  readonly kind: "function" | "value";
}

/**
 * Returns the names that the files of a TypeScript project declare: of variables, parameters, functions, and
 * members of types and classes. Not those of members of an object literal, which belong to a type that is
 * declared elsewhere.
 */
export function declaredNames(folder: string): DeclaredName[] {
  const api = new API({ cwd: folder });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(folder, "tsconfig.json")] }).getProjects();
    if (!project) throw new Error(`there is no TypeScript project in ${folder}`);
    return project.rootFiles.flatMap((path) => {
      const source = project.program.getSourceFile(path);
      if (!source) throw new Error(`${path} cannot be read`);
      return namesIn(source, relative(folder, path));
    });
  } finally {
    api.close();
  }
}

function namesIn(root: Node, file: string): DeclaredName[] {
  const names: DeclaredName[] = [];
  const visit = (node: Node): void => {
    const name = nameOf(node);
    if (name !== undefined)
      names.push({ file, name: name.replace(/^[#_]+/, ""), kind: isCalled(node) ? "function" : "value" });
    node.forEachChild(visit);
  };
  visit(root);
  return names;
}

function nameOf(node: Node): string | undefined {
  if (!isDeclaration(node) || !node.name) return undefined;
  return isIdentifier(node.name) || isPrivateIdentifier(node.name) ? node.name.text : undefined;
}

function isDeclaration(node: Node) {
  return (
    isVariableDeclaration(node) ||
    isParameterDeclaration(node) ||
    isBindingElement(node) ||
    isPropertySignatureDeclaration(node) ||
    isPropertyDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isFunctionDeclaration(node) ||
    isMethodDeclaration(node) ||
    isMethodSignatureDeclaration(node)
  );
}

function isCalled(node: Node): boolean {
  if (isFunctionDeclaration(node) || isMethodDeclaration(node) || isMethodSignatureDeclaration(node))
    return true;
  const isFunction = (part: Node | undefined): boolean =>
    part !== undefined && (isArrowFunction(part) || isFunctionExpression(part) || isFunctionTypeNode(part));
  if (isPropertySignatureDeclaration(node) || isParameterDeclaration(node)) return isFunction(node.type);
  if (isVariableDeclaration(node) || isPropertyDeclaration(node))
    return isFunction(node.type) || isFunction(node.initializer);
  return false;
}
