import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { createTestApi, type TestApi } from "../test-api.ts";
import { bundleDashboard, type DashboardFile } from "./dashboard-files.ts";

/** What a first visit may load, and what all visits together may, in bytes of gzip. */
const FIRST_LOAD_BYTES_MAX = 60_000;
const ALL_BYTES_MAX = 120_000;

let api: TestApi["api"];
let files: DashboardFile[];
beforeAll(async () => {
  ({ api } = await createTestApi());
  files = await bundleDashboard();
});

async function get(url: string, headers: Record<string, string> = {}) {
  return await api.inject({ method: "GET", url, headers });
}

function addressesIn(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, address = ""]) =>
    address.startsWith("data:") ? [] : [address],
  );
}

describe("the page", () => {
  test.each(["/dashboard", "/dashboard/", "/dashboard/jobs", "/dashboard/jobs/some-id?tab=x"])(
    "of %s loads its files by relative addresses, so that it works under a prefix",
    async (path) => {
      const { statusCode, body } = await get(path);
      expect(statusCode).toBe(200);
      const addresses = addressesIn(body);
      expect(addresses).toHaveLength(2);
      for (const address of addresses) {
        expect(address).toMatch(/^\.\.?\//);
        const { pathname } = new URL(address, `http://host/some/prefix${path}`);
        expect(pathname).toMatch(/^\/some\/prefix\/dashboard\/assets\/app-/);
        expect((await get(pathname.replace("/some/prefix", ""))).statusCode).toBe(200);
      }
    },
  );

  test("may load and send nothing but from and to its own host, and runs no inline script", async () => {
    const { headers, body } = await get("/dashboard");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=/);
    for (const file of files) expect(foreignAddresses(file)).toEqual([]);
  });

  test("is asked for again at each visit, and sent again only when it has changed", async () => {
    const first = await get("/dashboard");
    expect(first.headers["cache-control"]).toBe("no-cache");
    const again = await get("/dashboard", { "if-none-match": String(first.headers["etag"]) });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
    const other = await get("/dashboard", { "if-none-match": '"another"' });
    expect([other.statusCode, other.body]).toEqual([200, first.body]);
  });
});

describe("its files", () => {
  test("are small", () => {
    const sizes = files.map(({ gzipped }) => gzipped.length);
    const all_bytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
    // There is one script and one style sheet: the first visit loads them all.
    expect(files.map(({ contentType }) => contentType).toSorted()).toEqual([
      "text/css; charset=utf-8",
      "text/javascript; charset=utf-8",
    ]);
    expect(all_bytes).toBeGreaterThan(1_000);
    expect(all_bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    expect(all_bytes).toBeLessThanOrEqual(ALL_BYTES_MAX);
  });

  test("are kept for ever, because another content has another name", async () => {
    const [file] = files;
    const answer = await get(`/dashboard/assets/${file?.name}`);
    expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(answer.headers["content-type"]).toBe(file?.contentType);
    expect(answer.rawPayload.equals(file?.body ?? Buffer.alloc(0))).toBe(true);
  });

  test.each([
    ["gzip, deflate, br", true],
    ["br;q=1, gzip;q=0", false],
    ["identity", false],
  ])("to a browser that accepts %s", async (accepted, isGzipped) => {
    const [file] = files;
    const answer = await get(`/dashboard/assets/${file?.name}`, { "accept-encoding": accepted });
    expect(answer.headers["vary"]).toBe("accept-encoding");
    expect(answer.headers["content-encoding"]).toBe(isGzipped ? "gzip" : undefined);
    const body = isGzipped ? gunzipSync(answer.rawPayload) : answer.rawPayload;
    expect(body.equals(file?.body ?? Buffer.alloc(0))).toBe(true);
  });

  test("of another version are not there", async () => {
    const answer = await get("/dashboard/assets/app-OLDOLDOL.js");
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([404, "text/plain; charset=utf-8"]);
  });
});

/** Addresses of other hosts in a file, but for the names of XML vocabularies, which nobody loads. */
function foreignAddresses({ body }: DashboardFile): string[] {
  return [...body.toString().matchAll(/(?:https?:)?\/\/[\w-]+\.[\w.-]+/g)]
    .map(([address]) => address)
    .filter((address) => !address.startsWith("http://www.w3.org"));
}
