import fastifySwaggerUi from "@fastify/swagger-ui";
import { PlatformError } from "../../core/lib/errors.ts";
import { prefers } from "./accepts.ts";
import type { Api } from "./api.ts";
import { ERROR_ENTRIES, errorListPage, errorPage, errorText } from "./error-pages.ts";
import { HTML_HEADERS } from "./html-page.ts";
import { llmsText } from "./llms-text.ts";

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

  // For everybody, with a key or without: whoever reads an error may have no key that works.
  api.get("/docs/errors", { schema: { hide: true } }, async (_request, reply) =>
    reply.headers(HTML_HEADERS).send(errorListPage()),
  );
  api.get<{ Params: { code: string } }>(
    "/docs/errors/:code",
    { schema: { hide: true } },
    (request, reply) => {
      const entry = ERROR_ENTRIES.get(request.params.code);
      if (!entry)
        throw new PlatformError("not_found", "There is no such error code. GET /docs/errors lists all.");
      const { accept } = request.headers;
      reply.header("vary", "accept");
      if (prefers(accept, "text/html")) return reply.headers(HTML_HEADERS).send(errorPage(entry));
      if (prefers(accept, "application/json")) return reply.send(entry);
      if (prefers(accept, "text/plain") || prefers(accept, "text/markdown"))
        return reply.type("text/plain; charset=utf-8").send(errorText(entry));
      return reply.headers(HTML_HEADERS).send(errorPage(entry));
    },
  );

  let text: string | undefined;
  api.get("/llms.txt", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send((text ??= llmsText(api.swagger()))),
  );
}
