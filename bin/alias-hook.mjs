// The loader of TypeScript takes a "?" in a path for the start of a query. This hook lets every module of a
// checkout whose path has one be loaded under another name of the same folder, a link.

/** @type {string} */
let root;
/** @type {string} */
let alias;

/** @param {{ root: string, alias: string }} urls */
export function initialize(urls) {
  ({ root, alias } = urls);
}

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(underAlias(specifier), context);
  return { ...resolved, url: underAlias(resolved.url) };
}

/** @param {string} url */
function underAlias(url) {
  return url.startsWith(root) ? alias + url.slice(root.length) : url;
}
