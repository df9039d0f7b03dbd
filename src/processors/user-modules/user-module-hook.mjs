// A hook for `module.register`, in JavaScript because it runs where tsx does not yet. It makes a processor's
// file work in any folder of the machine: below none of our package.json, Node would take it for CommonJS and
// find neither us nor zod.

/**
 * Folders of processor files, as `file:` URLs that end with a slash.
 * @type {Set<string>}
 */
const folders = new Set();
/** A file of ours: what it can import, a processor's file can. */
let fallbackParent = "";
/**
 * Conditions of `exports` that hold for imports of this package only.
 * @type {string[]}
 */
let ownConditions = [];

/** @param {{ folders: string[], fallbackParent: string, ownConditions: string[] }} data */
export function initialize(data) {
  // Added, because this module is one for all that register it: other calls, and since Node 22 the worker
  // threads, too.
  for (const folder of data.folders) folders.add(folder);
  fallbackParent = data.fallbackParent;
  ownConditions = data.ownConditions;
}

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await resolveOrFallBack(specifier, context, nextResolve);
  const [path = ""] = resolved.url.split("?");
  return isUsers(path) && /\.[jt]sx?$/i.test(path) ? { ...resolved, format: "module" } : resolved;
}

/**
 * The user's own installation comes first: only what it lacks is ours.
 * @type {import("node:module").ResolveHook}
 */
async function resolveOrFallBack(specifier, plainContext, nextResolve) {
  const isOwn = /^innovation-ecosystem-platform(\/|$)/.test(specifier);
  const context = isOwn
    ? { ...plainContext, conditions: [...plainContext.conditions, ...ownConditions] }
    : plainContext;
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    const isOffered = isOwn || /^zod(\/|$)/.test(specifier);
    if (!isOffered || !isUsers(context.parentURL ?? "")) throw error;
    return nextResolve(specifier, { ...context, parentURL: fallbackParent });
  }
}

/** @param {string} url */
function isUsers(url) {
  return !url.includes("/node_modules/") && [...folders].some((folder) => url.startsWith(folder));
}
