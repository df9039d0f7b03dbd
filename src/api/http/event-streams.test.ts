import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import fastify from "fastify";
import { expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { createGate, type Gate } from "../../../test/support/gate.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { EventStreams } from "./event-streams.ts";

interface Streams {
  readonly port: number;
  /** Requests wait here before they open their stream. */
  gate: Gate;
  /** Requests that came so far. */
  came: number;
  /** Requests that got behind the gate. */
  passed: number;
  /** Connections that the server has open. */
  connections(): Promise<number>;
}

type Source = Parameters<EventStreams["open"]>[2];

/** Says nothing until it is ended. */
const silent: Source = async function* (signal) {
  if (!signal.aborted) await once(signal, "abort");
  yield "";
};

/** A server whose one route is a stream. */
async function serve(
  bounds: ConstructorParameters<typeof EventStreams>[0],
  { source = silent, connectionTimeout = 0 } = {},
): Promise<Streams> {
  const api = fastify({ connectionTimeout });
  const streams = new EventStreams(bounds);
  api.addHook("onRequest", (request, _reply, done) => {
    request.principal = { kind: "admin" };
    done();
  });
  api.get("/", async (request, reply) => {
    served.came += 1;
    await served.gate.opened;
    served.passed += 1;
    const stream = streams.open(request, reply, source);
    return await reply.type("text/event-stream").send(stream);
  });
  api.get("/slow", async () => await once(AbortSignal.timeout(60_000), "abort"));
  await api.listen({ host: "127.0.0.1", port: 0 });
  atTheEnd(async () => {
    streams.endAll();
    await api.close();
  });
  const { port } = api.server.address() as AddressInfo; // it listens on TCP
  const connections = async (): Promise<number> =>
    await new Promise((resolve, reject) =>
      api.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  const served: Streams = { port, gate: createGate(), came: 0, passed: 0, connections };
  return served;
}

async function send({ port }: Streams, text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

const GET = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

async function statusOf(streams: Streams): Promise<number> {
  const stop = new AbortController();
  const { status } = await fetch(`http://127.0.0.1:${streams.port}/`, { signal: stop.signal });
  stop.abort();
  return status;
}

test("a client that left before its stream was opened holds no place", async () => {
  const streams = await serve({ perOwnerMax: 2 });
  for (const count of [1, 2]) {
    const socket = await send(streams, GET);
    await waitFor(() => streams.came === count, { describe: "the request" });
    socket.destroy();
  }
  await waitFor(async () => (await streams.connections()) === 0, { describe: "no connection" });
  streams.gate.open();
  await waitFor(() => streams.passed === 2, { describe: "both streams" });
  expect(await statusOf(streams)).toBe(200);
});

test("nor does one whose stream was queued behind another answer", async () => {
  const streams = await serve({ perOwnerMax: 1 });
  streams.gate.open();
  const socket = await send(streams, `${GET.replace("/", "/slow")}${GET}`);
  await waitFor(() => streams.passed === 1, { describe: "the stream" });
  expect(await statusOf(streams)).toBe(429);
  socket.destroy();
  await waitFor(async () => (await statusOf(streams)) === 200, { describe: "a free place" });
});

test("a stream ends after its time, and its place is free", async () => {
  const streams = await serve({ perOwnerMax: 1, max_ms: 50 });
  streams.gate.open();
  for (let n = 0; n < 2; n += 1) {
    const response = await fetch(`http://127.0.0.1:${streams.port}/`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("retry: 2000\n\n");
  }
});

test("a client that reads nothing is sent no more than its connection holds, and is hung up on", async () => {
  const page = "x".repeat(16_384);
  let asked = 0;
  const streams = await serve(
    {},
    {
      connectionTimeout: 300,
      source: async function* (signal) {
        for (; !signal.aborted; asked += 1) yield page;
      },
    },
  );
  streams.gate.open();
  const socket = await send(streams, GET);
  socket.pause();
  await waitFor(async () => asked > 0 && (await streams.connections()) === 0, { describe: "no connection" });
  // The buffers of the system on both sides take a few MiB.
  expect(asked * page.length).toBeLessThan(32 * 1_048_576);
  expect(await statusOf(streams)).toBe(200);
  socket.destroy();
});
