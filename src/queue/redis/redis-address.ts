/** Where a Redis is, as it may be shown: host and port, and nothing else of its URL. */
export function redisAddress(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname === "" ? "localhost" : hostname}:${port === "" ? "6379" : port}`;
}
