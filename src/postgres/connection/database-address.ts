/**
 * Where a database is, as it may be shown: host, port and name, and nothing else of its URL. Everything else
 * may hold the password, or a part of one that was not written as URLs want it.
 */
export function databaseAddress(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get("host") ?? (hostname === "" ? "localhost" : decoded(hostname));
  return `${host}:${searchParams.get("port") ?? (port === "" ? "5432" : port)}${decoded(pathname)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
