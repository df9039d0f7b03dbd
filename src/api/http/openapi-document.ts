import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { adminOnly } from "./auth.ts";
import { tidyDocument } from "./tidy-document.ts";

/** Of the contract, not of the package: grows when what a client sees does. */
const API_VERSION = "1.0.0";

const DESCRIPTION = `
A paid job queue: customers hold prepaid wallets and submit jobs; the price is held at submission and charged once, when the job succeeds.

- JSON in snake_case. Times are RFC 3339 in UTC. Money is integer cents. Ids are UUIDs.
- Unknown fields are refused, so a typing mistake never passes for a default.
- Lists answer 50 rows unless \`limit\` (at most 200) says otherwise, newest first. Send \`next_cursor\` as \`cursor\` for the next page; it is null on the last one.
- Errors are \`application/problem+json\` (RFC 9457): act on \`code\`, show \`detail\`, mention \`request_id\` when you ask us. It is also in the \`Request-Id\` header of every answer.
- A customer's key sees what is that customer's; anything else answers 404.
`.trim();

export const openapiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: { title: "Innovation Ecosystem Platform", version: API_VERSION, description: DESCRIPTION },
    servers: [{ url: "/" }],
    security: [{ apiKey: [] }],
    tags: [
      { name: "Jobs", description: "Submit work and see what became of it." },
      { name: "Wallets", description: "Prepaid money and every movement of it." },
      { name: "Customers", description: "Who may submit jobs." },
      { name: "API keys", description: "What customers sign in with." },
      { name: "Job types", description: "What can be bought, and for how much." },
      { name: "Operations", description: "For those who run it." },
    ],
    components: {
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "The admin key, or a key of a customer." },
      },
    },
  },
  transform(route) {
    const { schema, url } = jsonSchemaTransform(route);
    const { schema: own, onRequest } = route.route;
    if (!own || own.hide) return { schema: { ...schema, hide: true }, url };
    const isAdminOnly = onRequest === adminOnly;
    const { errors: _ours, ...documented } = schema;
    const response = { ...asResponses(schema.response), ...asProblems(errorsOf(own, isAdminOnly)) };
    const description = [own.description, isAdminOnly ? "Needs the admin key." : undefined];
    return { url, schema: { ...documented, description: description.filter(Boolean).join(" "), response } };
  },
  transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
};

type RouteSchema = NonNullable<
  Parameters<NonNullable<FastifyDynamicSwaggerOptions["transform"]>>[0]["route"]["schema"]
>;

/** Every error that a route can answer: its own, and those that follow from what it takes and who may ask. */
function errorsOf(schema: RouteSchema, isAdminOnly: boolean): ErrorCode[] {
  const isPublic = schema.security?.length === 0;
  return [
    ...(schema.errors ?? []),
    ...(schema.body || schema.params ? (["malformed_request"] as const) : []),
    ...(schema.body ? (["payload_too_large", "unsupported_media_type"] as const) : []),
    ...(schema.body || schema.params || schema.querystring ? (["validation_failed"] as const) : []),
    ...(isPublic ? [] : (["missing_api_key", "invalid_api_key", "unavailable"] as const)),
    ...(isAdminOnly ? (["forbidden"] as const) : []),
    "internal_error",
  ];
}

function asResponses(answers: unknown): Record<string, unknown> {
  // The transform answers a map from status to JSON Schema, or to the form with `content` already.
  const byStatus = Object.entries(answers as Record<string, Record<string, unknown>>);
  return Object.fromEntries(
    byStatus.map(([status, schema]) => {
      if ("content" in schema) return [status, schema];
      if (status === "204") return [status, { type: "null", description: "Done." }];
      const description = status === "201" ? "Made." : "Answered.";
      return [status, { description, content: { "application/json": { schema } } }];
    }),
  );
}

function asProblems(codes: readonly ErrorCode[]): Record<string, unknown> {
  const statuses = new Set(codes.map((code) => ERRORS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = [...new Set(codes)].filter((code) => ERRORS[code].status === status);
      return [
        status,
        {
          description: ofStatus.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(" "),
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      ];
    }),
  );
}
