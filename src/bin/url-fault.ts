const ESCAPES = "in a user or a password, @ : / ? # % are written %40 %3A %2F %3F %23 %25";

/** Parameters whose values may hold an @ without being a part of a password. */
const FREE_PARAMETERS = new Set(
  "user username password application_name options host sslrootcert sslcert sslkey".split(" "),
);

/**
 * Returns what is wrong with the URL of a server, in words that show nothing of it. A password with one of
 * the letters that mean something in URLs is the usual fault: its rest is then taken for a path or a
 * parameter, and would be connected to and shown.
 */
export function findUrlFault(
  text: string,
  protocols: readonly string[],
  example: string,
): string | undefined {
  if (!URL.canParse(text)) return `must be a URL such as ${example}; ${ESCAPES}`;
  const url = new URL(text);
  if (!protocols.includes(url.protocol)) return `must be a URL such as ${example}`;
  const isTorn =
    url.hash !== "" ||
    text.endsWith("#") ||
    url.pathname.includes("@") ||
    [...url.searchParams].some(
      ([name, value]) => name.includes("@") || (value.includes("@") && !FREE_PARAMETERS.has(name)),
    );
  if (isTorn) return `has a # ? / or @ where none can be: ${ESCAPES}`;
  if (!isDecodable(text)) return `has a % that is no escape: ${ESCAPES}`;
  return undefined;
}

/** By the rules of `pg`, which takes a % that two hexadecimal digits do not follow for itself. */
function isDecodable(text: string): boolean {
  const escaped = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(text)
    ? encodeURI(text).replaceAll(/%25(\d\d)/g, "%$1")
    : text;
  try {
    const { username, password, hostname, pathname } = new URL(escaped);
    for (const part of [username, password, hostname, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
