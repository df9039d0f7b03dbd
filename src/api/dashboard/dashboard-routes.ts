import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "../http/api.ts";
import { pathOf } from "../http/path-of.ts";
import { etagOf, loadDashboardFiles, type DashboardFile } from "./dashboard-files.ts";

/**
 * The browser loads nothing but from this host, runs no inline script, sends no form by itself, and shows the
 * dashboard in no other site's frame.
 */
const HEADERS = {
  "content-security-policy": [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** A name with a hash of its content never means anything else. */
const FOR_EVER = "public, max-age=31536000, immutable";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f5bd8'/%3E%3Cpath d='M4 5h8M4 8h5M4 11h7' stroke='%23fff' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E";

/**
 * The dashboard: one page for every path below /dashboard, and its files. It knows no secret and no data,
 * which it asks of the API by the session of whoever signs in. All addresses in it are relative, so that it
 * works under whatever prefix a proxy puts before it.
 */
export async function dashboardRoutes(api: Api): Promise<void> {
  let loading: Promise<readonly DashboardFile[]> | undefined;
  const files = (): Promise<readonly DashboardFile[]> => {
    // Asked for once. A failure is not kept.
    loading ??= loadDashboardFiles().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const html = Buffer.from(pageFor(pathOf(request.url), await files()));
    reply.headers(HEADERS).header("cache-control", "no-cache").type("text/html; charset=utf-8");
    return sendTagged(request, reply, etagOf(html), html);
  };

  api.get("/dashboard", { schema: { hide: true } }, page);
  api.get("/dashboard/*", { schema: { hide: true } }, page);
  api.get("/dashboard/assets/:name", { schema: { hide: true } }, async (request, reply) => {
    // The route has no schema of its parameters: this is the one that its path names.
    const { name } = request.params as { readonly name: string };
    const file = (await files()).find((one) => one.name === name);
    // A page that was loaded before an upgrade: the shell's answer is no script, and the browser says so.
    if (!file)
      return reply.code(404).type("text/plain; charset=utf-8").send("No such file: load the page again.");
    reply.header("cache-control", FOR_EVER).header("vary", "accept-encoding").type(file.contentType);
    if (!acceptsGzip(request)) return sendTagged(request, reply, file.etag, file.body);
    reply.header("content-encoding", "gzip");
    return sendTagged(request, reply, file.etag.replace(/"$/, '-gzip"'), file.gzipped);
  });
}

function sendTagged(request: FastifyRequest, reply: FastifyReply, etag: string, body: Buffer): FastifyReply {
  reply.header("etag", etag);
  const known = request.headers["if-none-match"]?.split(",").some((tag) => tag.trim() === etag);
  return known ? reply.code(304).send() : reply.send(body);
}

function acceptsGzip(request: FastifyRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0+)?\s*(,|$))/.test(request.headers["accept-encoding"] ?? "");
}

/** The shell. `path` is what is left of the address behind all proxies: how deep it is leads back to the root. */
function pageFor(path: string, files: readonly DashboardFile[]): string {
  const root = "../".repeat(path.split("/").length - 2) || "./";
  const addressOf = (ending: string): string =>
    `${root}dashboard/assets/${files.find(({ name }) => name.startsWith("app-") && name.endsWith(ending))?.name}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Innovation Ecosystem Platform</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${addressOf(".css")}">
<script type="module" src="${addressOf(".js")}"></script>
<body>
<div id="app"></div>
<noscript>The dashboard needs JavaScript. The same data is in the API and the command line, iep.</noscript>
`;
}
