import fastifySwaggerUi from "@fastify/swagger-ui";
import { ERRORS } from "../../core/lib/errors.ts";
import type { Api } from "./api.ts";

/**
 * The browser refuses to load anything from other hosts: fonts, badges, trackers. Swagger UI needs inline
 * styles and data: icons.
 */
const ONLY_THIS_HOST = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "font-src": "'self'",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/** The OpenAPI document and its pages. All of it is served from here and works without the internet. */
export async function docsRoutes(api: Api): Promise<void> {
  await api.register(fastifySwaggerUi, {
    routePrefix: "/docs",
    staticCSP: ONLY_THIS_HOST,
    theme: { title: "Innovation Ecosystem Platform: API" },
    uiConfig: {
      layout: "BaseLayout",
      docExpansion: "list",
      validatorUrl: null,
      displayRequestDuration: true,
    },
  });

  api.get("/openapi.json", { schema: { hide: true } }, async () => api.swagger());

  api.get("/docs/errors", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(ERRORS_PAGE),
  );
}

/** The page to which the `type` of a problem leads. */
const ERRORS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}td,th{padding:.3rem .8rem;text-align:left}:target{background:#ffd}</style>
<h1>Errors</h1>
<p>Every error response is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is one of these.</p>
<table>
<tr><th>Status<th>Code<th>Meaning<th>Retry without changes
${Object.entries(ERRORS)
  .map(
    ([code, { status, title, retryable }]) =>
      `<tr id="${code}"><td>${status}<td><code>${code}</code><td>${title}<td>${retryable ? "yes, after Retry-After" : "no"}`,
  )
  .join("\n")}
</table>
</html>
`;
