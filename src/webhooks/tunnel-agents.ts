import http from "node:http";
import https from "node:https";
import tls from "node:tls";
import type { Duplex } from "node:stream";
import type { Agents } from "./post-webhook.ts";

/** How long a connection is kept that nothing uses. */
export const IDLE_MS = 5_000;
/** How long the proxy may take to open a tunnel, and then the endpoint to speak TLS. */
const TUNNEL_MS = 10_000;

/**
 * Agents that send everything through a proxy: https in a tunnel (CONNECT), so that the proxy sees no more than
 * the name of the host; http as a request to the proxy. Which addresses are reached is its decision.
 */
export function tunnelAgents(proxy: string): Agents {
  const address = new URL(proxy);
  const authorization = authorizationOf(address);
  return {
    http: new ProxyAgent(address),
    https: new TunnelAgent(address, authorization),
    proxyHeaders: authorization === undefined ? {} : { "proxy-authorization": authorization },
  };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === "") return undefined;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(user).toString("base64")}`;
}

/** Connects to the proxy, whatever the request says. */
class ProxyAgent extends http.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super({ keepAlive: true, timeout: IDLE_MS });
    this.#proxy = proxy;
  }

  override createConnection(
    options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { hostname, port } = this.#proxy;
    return super.createConnection({ ...options, host: hostname, port: port || 80 }, callback);
  }
}

/** Opens a tunnel to the host of the request, and speaks TLS with it inside. */
class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #authorization: string | undefined;

  constructor(proxy: URL, authorization: string | undefined) {
    super({ keepAlive: true, timeout: IDLE_MS });
    this.#proxy = proxy;
    this.#authorization = authorization;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = `${options.host}:${options.port ?? 443}`;
    const { hostname, port } = this.#proxy;
    const request = http.request({
      host: hostname,
      port: port || 80,
      method: "CONNECT",
      path: target,
      headers: {
        host: target,
        ...(this.#authorization === undefined ? {} : { "proxy-authorization": this.#authorization }),
      },
      signal: AbortSignal.timeout(TUNNEL_MS),
      agent: false,
    });
    // A callback with an error needs no stream: the type does not say so.
    const fail = (error: Error): void => callback?.(error, undefined as unknown as Duplex);
    request.on("error", fail);
    request.on("response", ({ statusCode }) => fail(new Error(`the proxy answered ${statusCode}`)));
    request.on("connect", ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        return fail(new Error(`the proxy answered ${statusCode}`));
      }
      const secured = tls.connect({ socket, servername: options.servername ?? options.host ?? "" });
      const giveUp = (): void => {
        secured.destroy(new Error("no TLS through the proxy in time"));
      };
      secured.on("error", fail);
      secured.setTimeout(TUNNEL_MS, giveUp);
      secured.once("secureConnect", () => {
        secured.off("error", fail);
        secured.setTimeout(0, giveUp);
        callback?.(null, secured);
      });
    });
    request.end();
  }
}
