import type { Api } from "./api.ts";

/** Returns what `Allow` says of a path; undefined when no route has that path. */
export type AllowOf = (path: string) => string | undefined;

/** Notes every route that is added from now on. Call it before the first. */
export function noteMethods(api: Api): AllowOf {
  const methods = new Map<string, Set<string>>();
  let matchers: { pattern: RegExp; allow: string }[] | undefined;

  api.addHook("onRoute", ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const one of [method].flat()) known.add(one);
    methods.set(url, known);
    matchers = undefined;
  });

  return (path) => {
    matchers ??= [...methods].map(([url, known]) => ({
      pattern: toPattern(url),
      allow: [...known].toSorted().join(", "),
    }));
    return matchers.find(({ pattern }) => pattern.test(path))?.allow;
  };
}

function toPattern(url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/:\w+/g, "[^/]+").replaceAll("*", ".*")}$`);
}
