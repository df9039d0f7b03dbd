import {
  createServer as createTcpServer,
  type AddressInfo,
  type LookupFunction,
  type Socket,
} from "node:net";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { createGate } from "../../test/support/gate.ts";
import { startReceiver } from "../../test/support/receiver.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createPostWebhook } from "./post-webhook.ts";

const run = promisify(execFile);
const hasOpenssl = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

const never = new AbortController().signal;
const BODY = '{"type":"job.succeeded"}';

function post(options: Partial<Parameters<typeof createPostWebhook>[0]> = {}) {
  const created = createPostWebhook({ allowPrivate: true, ...options });
  atTheEnd(() => Promise.resolve(created.close()));
  return (url: string, stop = never) => created(url, { "webhook-id": "msg_1" }, BODY, stop);
}

/** A server that speaks no HTTP but what the test writes. */
async function startRaw(onRequest: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => onRequest(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atTheEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a receiver", () => {
  test("gets the body and the headers, and its answer is returned", async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(201, { "x-seen": "yes", "set-cookie": "a=b" });
      response.end("thanks");
    });
    const answer = await post()(receiver.url);
    expect(answer).toMatchObject({ status: 201, error: null, body: "thanks" });
    expect(answer.headers).toMatchObject({ "x-seen": "yes" });
    expect(answer.headers).not.toHaveProperty("set-cookie");
    expect(receiver.received[0]).toMatchObject({
      text: BODY,
      headers: { "webhook-id": "msg_1", "content-type": "application/json" },
    });
  });

  test("that is not there is refused", async () => {
    const receiver = await startReceiver();
    await receiver.kill();
    expect(await post()(receiver.url)).toMatchObject({ status: null, error: "the connection was refused" });
  });

  test("that redirects to a private address is not followed", async () => {
    const target = await startReceiver();
    const receiver = await startReceiver((response) => {
      response.writeHead(302, { location: target.url });
      response.end();
    });
    expect(await post()(receiver.url)).toMatchObject({ status: 302 });
    expect(target.received).toEqual([]);
  });

  test("that says nothing is given up after the time-out", async () => {
    const url = await startRaw(() => undefined);
    const answer = await post({ timeout_ms: 200 })(url);
    expect(answer).toMatchObject({ status: null, error: "no answer within 0.2 s" });
  });

  test("that sends its head a byte at a time is given up after the time-out", async () => {
    const url = await startRaw((socket) => {
      const bytes = Array.from("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write(bytes.shift() ?? "x"), 50);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await post({ timeout_ms: 400 })(url)).toMatchObject({ status: null });
  });

  test("that sends a byte a minute after its head is a success, and is cut", async () => {
    const cut = createGate();
    const url = await startRaw((socket) => {
      socket.on("close", () => cut.open());
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nx");
    });
    const answer = await post()(url);
    expect(answer).toMatchObject({ status: 200, body: "x" });
    expect(answer.took_ms).toBeLessThan(5_000);
    await cut.opened;
  });

  test("that answers with 2 GB is cut after a few kilobytes", async () => {
    let written = 0;
    const chunk = Buffer.alloc(65_536, "a");
    const url = await startRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n");
      const more = (): void => {
        while (!socket.destroyed && written < 2_147_483_648) {
          written += chunk.length;
          if (!socket.write(chunk)) return void socket.once("drain", more);
        }
      };
      more();
    });
    const answer = await post()(url);
    expect(answer).toMatchObject({ status: 200, body: "a".repeat(1_024) });
    // What the sockets of both ends hold, and no more.
    expect(written).toBeLessThan(64 * 1_048_576);
  });

  test("with a flood of headers fails, or is kept short", async () => {
    const url = await startRaw((socket) => {
      const headers = Array.from({ length: 500 }, (_, n) => `x-${n}: ${"v".repeat(300)}\r\n`).join("");
      socket.end(`HTTP/1.1 503 No\r\nretry-after: 7\r\n${headers}\r\n`);
    });
    expect(await post()(url)).toMatchObject({ status: null, error: "the answer is no HTTP" });
    const many = await startReceiver((response) => {
      for (let n = 0; n < 60; n += 1) response.setHeader(`x-${n}`, "v".repeat(220));
      response.writeHead(503, { "retry-after": "7" }).end();
    });
    const answer = await post()(many.url);
    expect(Object.keys(answer.headers)).toHaveLength(20);
    expect(answer.headers).toMatchObject({ "retry-after": "7", "x-0": "v".repeat(200) });
  });

  test("that speaks no HTTP, or hangs up, is a failure", async () => {
    const nonsense = await startRaw((socket) => socket.end("SSH-2.0\r\n\r\n"));
    expect(await post()(nonsense)).toMatchObject({ status: null, error: "the answer is no HTTP" });
    const silent = await startRaw((socket) => socket.destroy());
    expect(await post()(silent)).toMatchObject({ status: null, error: "the connection was cut" });
  });

  test("without TLS where https is asked for is a failure", async () => {
    const plain = await startReceiver();
    const answer = await post()(plain.url.replace("http:", "https:"));
    expect(answer.status).toBeNull();
    expect(plain.received).toEqual([]);
  });

  test.skipIf(!hasOpenssl)("with a certificate that nobody vouches for gets nothing", async () => {
    const folder = await temporaryFolder();
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example".split(" ");
    await run("openssl", [...request, "-keyout", keyFile, "-out", certFile]);
    const [key, cert] = await Promise.all([readFile(keyFile), readFile(certFile)]);
    let requests = 0;
    const server = createHttpsServer({ key, cert }, (_request, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atTheEnd(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo; // it listens on a port
    const answer = await post()(`https://127.0.0.1:${port}/hook`);
    expect(answer).toMatchObject({ status: null, error: expect.stringContaining("certificate") });
    expect(requests).toBe(0);
  });

  test("is left when the process stops", async () => {
    const url = await startRaw(() => undefined);
    const stop = new AbortController();
    const answering = post()(url, stop.signal);
    stop.abort();
    expect(await answering).toMatchObject({ status: null, error: "it was stopped" });
  });
});

describe("a private address", () => {
  test("is refused as it stands", async () => {
    const receiver = await startReceiver();
    const answer = await post({ allowPrivate: false })(receiver.url.replace("http:", "https:"));
    expect(answer).toMatchObject({ status: null, error: expect.stringContaining("private address") });
  });

  test.each(["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1"])(
    "is refused when a name turns out to be %s",
    async (address) => {
      const asked: string[] = [];
      // As it would be when the name meant something else while the endpoint was created.
      const lookup: LookupFunction = (name, options, callback) => {
        asked.push(name);
        const family = address.includes(":") ? 6 : 4;
        if (options.all) callback(null, [{ address, family }]);
        else callback(null, address, family);
      };
      const answer = await post({ allowPrivate: false, lookup })("https://rebound.example/hook");
      expect(asked).toEqual(["rebound.example"]);
      expect(answer).toMatchObject({
        status: null,
        error: expect.stringContaining("the address is private"),
      });
    },
  );
});

describe("a proxy", () => {
  test("gets what goes to http as a request, with the whole address", async () => {
    const seen: (string | undefined)[] = [];
    const proxy = createHttpServer((request, response) => {
      seen.push(request.url, request.headers["proxy-authorization"]);
      request.resume().on("end", () => response.end("by proxy"));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    atTheEnd(async () => {
      proxy.closeAllConnections();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
    });
    const { port } = proxy.address() as AddressInfo;
    const answer = await post({ proxy: `http://user:pass@127.0.0.1:${port}` })("http://inside.example/hook");
    expect(answer).toMatchObject({ status: 200, body: "by proxy" });
    expect(seen).toEqual(["http://inside.example/hook", `Basic ${btoa("user:pass")}`]);
  });

  test("gets a tunnel for https, and its refusal is told", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createHttpServer();
    proxy.on("connect", (request, socket) => {
      asked.push(request.url);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    atTheEnd(() => new Promise<void>((resolve) => proxy.close(() => resolve())));
    const { port } = proxy.address() as AddressInfo;
    const answer = await post({ proxy: `http://127.0.0.1:${port}` })("https://shop.example/hook");
    expect(answer).toMatchObject({ status: null, error: "the proxy answered 403" });
    expect(asked).toEqual(["shop.example:443"]);
  });
});
