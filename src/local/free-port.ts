import { createServer } from "node:net";

const TRIES_MAX = 5;

/**
 * Starts something on `preferred`, or on a free port when that is left out or taken. Between finding a port
 * and listening on it another process may be faster, so the server's own "Address already in use" is the
 * judge and another port is tried.
 */
export async function onFreePort<T>(
  preferred: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = attempt === 1 && preferred !== undefined ? preferred : await findFreePort();
    try {
      return await start(port);
    } catch (error) {
      const taken = error instanceof Error && /address already in use/i.test(error.message);
      if (!taken || attempt === TRIES_MAX) throw error;
    }
  }
}

/** A port that was free a moment ago. */
export function findFreePort(): Promise<number> {
  const server = createServer();
  return new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      // A TCP server that listens has an address with a port; the text form is that of a pipe.
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
