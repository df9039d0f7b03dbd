/** RFC 3986, appendix B: scheme, authority, path, query, fragment. It matches every text, in linear time. */
const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;

interface Parts {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/** Resolves a reference against an absolute base, RFC 3986, section 5.2. Takes any text: it never throws. */
export function resolveUri(base: string, reference: string): string {
  const to = split(reference);
  if (to.scheme !== undefined) return join({ ...to, path: withoutDots(to.path) });
  const from = split(base);
  if (to.authority !== undefined) return join({ ...to, scheme: from.scheme, path: withoutDots(to.path) });
  const { scheme, authority } = from;
  if (to.path === "") {
    return join({
      scheme,
      authority,
      path: from.path,
      query: to.query || from.query,
      fragment: to.fragment,
    });
  }
  const path = to.path.startsWith("/") ? to.path : merge(from, to.path);
  return join({ scheme, authority, path: withoutDots(path), query: to.query, fragment: to.fragment });
}

function split(uri: string): Parts {
  const [, scheme, authority, path = "", query = "", fragment = ""] = PARTS.exec(uri) ?? [];
  return { scheme: scheme?.toLowerCase(), authority, path, query, fragment };
}

function join({ scheme, authority, path, query, fragment }: Parts): string {
  const start = `${scheme === undefined ? "" : `${scheme}:`}${authority === undefined ? "" : `//${authority}`}`;
  return `${start}${path}${query}${fragment}`;
}

function merge(from: Parts, path: string): string {
  if (from.authority !== undefined && from.path === "") return `/${path}`;
  return from.path.slice(0, from.path.lastIndexOf("/") + 1) + path;
}

/** Takes `.` and `..` out of a path. */
function withoutDots(path: string): string {
  if (!path.startsWith("/")) return path;
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [n, segment] of segments.entries()) {
    const isLast = n === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}`;
}
