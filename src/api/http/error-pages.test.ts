import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { ERRORS } from "../../core/lib/errors.ts";
import { createTestApi, type TestApi } from "../test-api.ts";
import { ERROR_ENTRIES } from "./error-pages.ts";

const SOURCES = fileURLToPath(new URL("../../", import.meta.url));

let testApi: TestApi;

beforeAll(async () => {
  testApi = await createTestApi();
});

/** As anybody asks: without a key. */
async function get(url: string, accept?: string) {
  return await testApi.api.inject({ url, headers: accept === undefined ? {} : { accept } });
}

describe("the page of a code", () => {
  test.each([...ERROR_ENTRIES.keys()])("%s says what happened, what it cost and what to do", async (code) => {
    const page = await get(`/docs/errors/${code}`, "text/html,application/xhtml+xml,*/*;q=0.8");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    const sections = page.body.split(/<h2>/).slice(1);
    expect(sections.slice(0, 3).map((section) => section.split("<")[0])).toEqual([
      "What happened",
      "What it cost",
      "What to do",
    ]);
    for (const section of sections) expect(section.replaceAll(/<[^>]*>/g, "").length).toBeGreaterThan(30);
    expect(page.body).not.toMatch(/undefined|`/);
  });

  test("is plain text and JSON for whoever prefers that, and HTML for all others", async () => {
    const path = "/docs/errors/insufficient_funds";
    expect((await get(path)).headers["content-type"]).toMatch(/^text\/html/);
    expect((await get(path, "*/*")).headers["content-type"]).toMatch(/^text\/html/);
    const text = await get(path, "text/plain");
    expect(text.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(text.body).toMatch(/^# insufficient_funds: .*## What it cost\n\nNothing\./s);
    expect((await get(path, "text/markdown")).body).toBe(text.body);
    expect((await get(path, "application/json")).json()).toMatchObject({
      code: "insufficient_funds",
      status: 402,
      retryable: false,
      todo: expect.arrayContaining([expect.stringContaining("Top up")]) as unknown,
    });
    // A cache must not give one of them for another.
    for (const accept of ["text/html", "text/plain", "application/json", "*/*"])
      expect((await get(path, accept)).headers["vary"]).toBe("accept");
  });

  test("is not there for a code that is none", async () => {
    for (const code of ["no_such_code", "__proto__", "toString", "%3Cscript%3E"]) {
      const answer = await testApi.ask("GET", `/docs/errors/${code}`, { key: null });
      expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
    }
  });
});

test("the list leads to the page of each code, and keeps the places of old links", async () => {
  const { body } = await get("/docs/errors", "text/html");
  const links = [...body.matchAll(/href="errors\/(\w+)"/g)].map(([, code]) => code);
  expect(links).toEqual([...ERROR_ENTRIES.keys()]);
  expect(body).toContain('id="insufficient_funds"');
});

test("the type of every problem of the OpenAPI document leads to its page", async () => {
  const { body } = await get("/openapi.json");
  const types = new Set([...body.matchAll(/"type":"(\/[^"]*)"/g)].map(([, type = ""]) => type));
  expect([...types].toSorted()).toEqual(
    Object.keys(ERRORS)
      .map((code) => `/docs/errors/${code}`)
      .filter((type) => types.has(type))
      .toSorted(),
  );
  expect(types.size).toBeGreaterThan(20);
});

test("the type of a problem that was sent leads to its page, also in a batch and without a key", async () => {
  const answers = await Promise.all([
    testApi.ask("GET", "/nowhere", { key: null }),
    testApi.ask("GET", "/jobs", { key: null }),
    testApi.ask("PUT", "/jobs"),
    testApi.ask("POST", "/jobs", { raw: "{" }),
    testApi.ask("POST", "/jobs", { body: { job_type_id: 5 } }),
  ]);
  const batch = await testApi.ask("POST", "/jobs/batch", { body: { jobs: [{}] } });
  const problems = [...answers.map(({ body }) => body), batch.body.results[0].problem];
  expect(problems.map(({ code }) => code)).toEqual([
    "not_found",
    "missing_api_key",
    "method_not_allowed",
    "malformed_request",
    "validation_failed",
    "validation_failed",
  ]);
  for (const { type } of problems) expect((await get(type)).statusCode).toBe(200);
});

test("every code that the platform itself gives a job has a page", async () => {
  const found = new Set<string>();
  for (const room of [
    "runner",
    "processors/sdk",
    "processors/subprocess",
    "processors/apart",
    "processors/threads",
  ])
    for (const name of await readdir(join(SOURCES, room))) {
      if (!/(?<!\.test)\.ts$/.test(name)) continue;
      const text = await readFile(join(SOURCES, room, name), "utf8");
      const code = text.replaceAll(/^ *(\*|\/\/|\/\*).*$/gm, "");
      for (const [, given = ""] of code.matchAll(/\bcode(?:: | = |\?: )"([a-z_]+)"/g)) found.add(given);
    }
  for (const name of await readdir(join(SOURCES, "../migrations/functions/jobs")))
    for (const [, given = ""] of (
      await readFile(join(SOURCES, "../migrations/functions/jobs", name), "utf8")
    ).matchAll(/'code', *'([a-z_]+)'/g))
      found.add(given);
  expect(found.size).toBeGreaterThan(5);
  expect([...found].filter((code) => !ERROR_ENTRIES.has(code))).toEqual([]);
});

describe("/llms.txt", () => {
  test("says what this is, how it is used, every route, and where the rest stands, without a key", async () => {
    const answer = await get("/llms.txt");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    const text = answer.body;
    expect(text).toMatch(/^# Innovation Ecosystem Platform \d+\.\d+\.\d+\n\n> /);
    const paths = (await get("/openapi.json")).json().paths as Record<string, object>; // An OpenAPI document.
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `- \`${method.toUpperCase()} ${path}\`: `),
    );
    expect(routes.filter((route) => text.split(route).length !== 2)).toEqual([]);
    const links = [...text.matchAll(/\]\((\/[^)]*)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(ERROR_ENTRIES.size);
    for (const link of links) expect([200, 302]).toContain((await get(link)).statusCode);
  });
});
