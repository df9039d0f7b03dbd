import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { atTheEnd } from "./cleanup.ts";

/** A span as it arrived. Ids are in hex. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  readonly duration_ms: number;
  /** Attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** What each request had as its headers. */
  readonly requests: readonly IncomingMessage["headers"][];
  /** From now on requests are taken and never answered. */
  hang(): void;
  /** From now on requests are answered with this status. */
  answer(status: number): void;
}

/** A collector that keeps the spans which it gets by OTLP/HTTP in protobuf; closed at the end of the test. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: IncomingMessage["headers"][] = [];
  let status: number | undefined = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push(request.headers);
      if (status === undefined) return;
      if (request.url !== "/v1/traces" || request.headers["content-type"] !== "application/x-protobuf")
        return response.writeHead(400).end();
      if (status === 200) spans.push(...readSpans(body));
      return response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  atTheEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // It listens on a port.
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    hang: () => (status = undefined),
    answer: (next) => (status = next),
  };
}

/** A field of a message: a number for a varint or eight bytes, bytes for all else. */
type Field = readonly [number: number, value: bigint | Buffer];

/** The wire format of protobuf: https://protobuf.dev/programming-guides/encoding/ */
function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, wire] = [tag >> 3, tag & 7];
    if (wire === 0) fields.push([field, varint()]);
    else if (wire === 1) {
      fields.push([field, bytes.readBigUInt64LE(at)]);
      at += 8;
    } else if (wire === 2) {
      const length = Number(varint());
      fields.push([field, bytes.subarray(at, at + length)]);
      at += length;
    } else if (wire === 5) {
      fields.push([field, BigInt(bytes.readUInt32LE(at))]);
      at += 4;
    } else throw new Error(`wire type ${wire} is not known`);
  }
  return fields;
}

/** The parts of a message that are messages, texts or bytes. */
function parts(fields: readonly Field[], number: number): Buffer[] {
  return fields.flatMap(([field, value]) => (field === number && Buffer.isBuffer(value) ? [value] : []));
}

function numberOf(fields: readonly Field[], number: number): bigint {
  const [, value] = fields.find(([field, one]) => field === number && typeof one === "bigint") ?? [0, 0n];
  return typeof value === "bigint" ? value : 0n;
}

const hexOf = (fields: readonly Field[], number: number): string =>
  parts(fields, number)[0]?.toString("hex") ?? "";
const textOf = (fields: readonly Field[], number: number): string =>
  parts(fields, number)[0]?.toString("utf8") ?? "";

function readSpans(request: Buffer): ReceivedSpan[] {
  return parts(readFields(request), 1).flatMap((bytes) => {
    const ofProcess = readFields(bytes);
    const resource = readAttributes(readFields(parts(ofProcess, 1)[0] ?? Buffer.alloc(0)), 1);
    return parts(ofProcess, 2)
      .flatMap((scope) => parts(readFields(scope), 2))
      .map((span) => readSpan(readFields(span), resource));
  });
}

function readSpan(fields: readonly Field[], resource: ReceivedSpan["resource"]): ReceivedSpan {
  const links = parts(fields, 13).map((link) => readFields(link));
  return {
    traceId: hexOf(fields, 1),
    spanId: hexOf(fields, 2),
    parentId: hexOf(fields, 4),
    traceState: textOf(fields, 3),
    name: textOf(fields, 5),
    kind: Number(numberOf(fields, 6)),
    attributes: readAttributes(fields, 9),
    links: links.map((link) => ({ traceId: hexOf(link, 1), spanId: hexOf(link, 2) })),
    isError: parts(fields, 15).some((state) => numberOf(readFields(state), 3) === 2n),
    duration_ms: Number(numberOf(fields, 8) - numberOf(fields, 7)) / 1e6,
    resource,
  };
}

function readAttributes(fields: readonly Field[], number: number): ReceivedSpan["attributes"] {
  return Object.fromEntries(
    parts(fields, number).map((pair) => {
      const entry = readFields(pair);
      const [kind, value] = readFields(parts(entry, 2)[0] ?? Buffer.alloc(0))[0] ?? [1, Buffer.alloc(0)];
      if (Buffer.isBuffer(value)) return [textOf(entry, 1), value.toString("utf8")];
      return [textOf(entry, 1), kind === 2 ? value === 1n : Number(value)];
    }),
  );
}
