import { createServer } from "node:http";
import { expect, test } from "vitest";
import { atTheEnd } from "../test/support/cleanup.ts";
import { startProcess } from "../test/support/processes.ts";
import { lacksPython } from "./python.ts";

const PROBLEM = {
  code: "rate_limited",
  status: 429,
  detail: "It is too much.",
  request_id: "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55",
  retryable: true,
};
/** Prints how each call ended, with a key that must not go elsewhere. */
const CALLS = `
import os, sys
sys.path.insert(0, "examples/python")
import iep_client

for path in sys.argv[1:]:
    client = iep_client.Client(os.environ["API"] + path, key="iep_key")
    try:
        print(client.submit_job({"job_type_id": "x", "input_data": 1}))
    except iep_client.ApiError as error:
        print(type(error).__name__, error.status, error.code, error.retry_after)
    except iep_client.UnexpectedAnswerError as error:
        print(error)
`;

/** A server that answers by the first segment of the path, and keeps what it was asked. */
async function startServer(): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    const { method, url = "", headers } = incoming;
    asked.push(`${method} ${url}`);
    const type = { "content-type": "application/json" };
    if (url.startsWith("/moved")) {
      response.writeHead(Number(url.slice(6, 9)), { location: `http://${headers.host}/elsewhere` }).end();
    } else if (url.startsWith("/large")) {
      response.writeHead(201, type).end(JSON.stringify("x".repeat(8 * 1_024 * 1_024)));
    } else if (url.startsWith("/most")) {
      response.writeHead(201, { "content-type": "text/plain" }).end("x".repeat(8 * 1_024 * 1_024));
    } else {
      const after = decodeURIComponent(url.split("/")[2] ?? "");
      response.writeHead(429, { ...type, "retry-after": after }).end(JSON.stringify(PROBLEM));
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  atTheEnd(() => new Promise((resolve) => void server.close(resolve)));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`, asked };
}

async function call(url: string, ...paths: readonly string[]): Promise<readonly string[]> {
  const env = { API: url, PYTHONDONTWRITEBYTECODE: "1" };
  const python = startProcess("python3", ["-c", CALLS, ...paths], { env });
  const { code } = await python.exited;
  if (code !== 0) throw new Error([...python.stdout, ...python.stderr].join("\n"));
  return python.stdout;
}

test.skipIf(lacksPython)("the client in Python follows no redirect, and says where it led", async () => {
  const { url, asked } = await startServer();
  expect(await call(url, "/moved301", "/moved302", "/moved307")).toEqual(
    [301, 302, 307].map(
      (status) =>
        `${url}/moved${status} leads to ${url}/elsewhere (${status}): give the client the URL of the API itself.`,
    ),
  );
  expect(asked).toEqual(["POST /moved301/jobs", "POST /moved302/jobs", "POST /moved307/jobs"]);
});

test.skipIf(lacksPython)("it says that an answer is too large, and reads the largest", async () => {
  const { url } = await startServer();
  const [large, most, ...others] = await call(url, "/large", "/most");
  expect(large).toBe("The answer is larger than 8388608 bytes: ask for less, with `limit`.");
  expect(most).toHaveLength(8 * 1_024 * 1_024);
  expect(others).toEqual([]);
});

test.skipIf(lacksPython)("a Retry-After that is a date hides no error", async () => {
  const { url } = await startServer();
  const date = encodeURIComponent("Fri, 27 Nov 2026 13:00:00 GMT");
  expect(await call(url, "/busy/7", `/busy/${date}`)).toEqual([
    "ApiError 429 rate_limited 7",
    "ApiError 429 rate_limited None",
  ]);
});
