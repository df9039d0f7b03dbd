import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { VERSION } from "../../core/lib/version.ts";
import { BYTES_IN_FLIGHT_MAX } from "../../core/model/limits.ts";
import { adminOnly } from "./auth.ts";
import type { OperationNotes } from "./document-answers.ts";
import { neededRole } from "./needed-roles.ts";
import { IdempotencyHeaders } from "./idempotency.ts";
import { tidyDocument } from "./tidy-document.ts";

const DESCRIPTION = `
A paid job queue. Customers have prepaid wallets and submit jobs. The price of a job is held when it is submitted and charged once, when it succeeds.

- Field names are in snake_case. Times are RFC 3339 in UTC. Amounts of money are integers in the minor unit of their currency (ISO 4217), also where the name of the field ends in \`_cents\`: 5 is 0.05 EUR, 5 JPY or 0.005 KWD. Ids are UUIDs.
- Unknown fields are refused, so that a typing mistake in an optional field does not go unnoticed.
- Lists return the newest rows first, 50 by default; \`limit\` changes that, up to 200. To get the next page, send \`next_cursor\` as \`cursor\`. It is null on the last page.
- Errors are \`application/problem+json\` (RFC 9457). Let programs decide by \`code\`, show \`detail\` to people, and quote \`request_id\` when you ask for help. The \`Request-Id\` header of every response has it, too.
- A customer's key gives access to the data of that customer only. Ids of other customers return 404. Operations that need the admin key say so, and their \`security\` names \`adminKey\` and no \`customerKey\`. Operators have keys of their own, whose role (\`viewer\`, \`operator\`, \`finance\`, \`admin\`) says which of those operations they may use.
- Bodies are JSON in UTF-8, uncompressed, 1 MiB at most. A name that stands twice in one object is refused with 400. Responses are not compressed, and there are no CORS headers: browsers call this API through a server of yours.
- A browser signs in with \`POST /session\` and then sends a cookie instead of a key. A request with an \`Authorization\` header is authenticated by that alone. What changes something by the cookie needs the header \`X-CSRF-Protection: 1\`.
- A path that does not take a method returns 405 with \`Allow\`. HEAD works wherever GET does. Every response has \`Cache-Control: no-store\`.
- One key may have ${BYTES_IN_FLIGHT_MAX / 1_048_576} MiB of request bodies under way. More is refused with 429 \`rate_limited\`, which does nothing and may be sent again after \`Retry-After\`.
- Preferences (\`Prefer\`, RFC 7240) that have no effect are named in \`Preference-Ignored\`, and refuse the request with \`handling=strict\`. \`wait\` has one for \`POST /jobs\` alone, and \`respond-async\` for none.
`.trim();

/** Options for one document. `webhooks` is what the platform sends to others. */
export function openapiOptions(webhooks: Readonly<Record<string, object>>): FastifyDynamicSwaggerOptions {
  const notes = new Map<string, OperationNotes>();
  return {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Innovation Ecosystem Platform",
        version: VERSION,
        description: DESCRIPTION,
        contact: { name: "Whoever operates this platform" },
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/" }],
      security: [{ customerKey: [] }, { adminKey: [] }, { session: [] }],
      tags: [
        { name: "Jobs", description: "Submit jobs, follow them, cancel and retry them." },
        { name: "Wallets", description: "Prepaid money, its limits, and every entry of the ledger." },
        { name: "Customers", description: "Who may submit jobs." },
        { name: "API keys", description: "Keys with which customers authenticate." },
        { name: "Sessions", description: "Sign browsers in and out." },
        { name: "Operators", description: "Who operates the platform with a key of their own." },
        { name: "Job types", description: "What can be submitted, and at which price." },
        { name: "Webhooks", description: "Endpoints of yours that are told of events." },
        { name: "Operations", description: "Health, queue and runners, for operators." },
      ],
      components: {
        securitySchemes: {
          customerKey: {
            type: "http",
            scheme: "bearer",
            description: "An API key of a customer. It reaches what is that customer's.",
          },
          adminKey: {
            type: "http",
            scheme: "bearer",
            description:
              "The admin key of the platform, which reaches everything, or the key of an operator, who may do what the operator's role may.",
          },
          session: {
            type: "apiKey",
            in: "cookie",
            name: "iep_session",
            description:
              "A browser that signed in with a key. It reaches what that key reaches. What changes something needs the header `X-CSRF-Protection: 1`.",
          },
        },
      },
    },
    transform(route) {
      const { schema, url } = jsonSchemaTransform(route);
      const { schema: own, onRequest } = route.route;
      if (!own || own.hide) return { schema: { ...schema, hide: true }, url };
      const isAdminOnly = onRequest === adminOnly;
      const { errors: _routeErrors, location: _location, ...documented } = schema;
      const changes = ![route.route.method].flat().includes("GET");
      const errors = [...new Set(errorsOf(own, { isAdminOnly, changes }))];
      notes.set(String(own.operationId), {
        errors,
        location: own.location,
        takesIdempotencyKey: own.headers === IdempotencyHeaders,
        takesBody: own.body !== undefined,
      });
      const response = { ...asResponses(schema.response, own.response), ...asProblems(errors) };
      const description = [own.description, isAdminOnly ? `Needs the admin key${orRole(own)}.` : undefined];
      return {
        url,
        schema: {
          ...documented,
          ...(isAdminOnly ? { security: [{ adminKey: [] }, { session: [] }] } : {}),
          description: description.filter(Boolean).join(" "),
          response,
        },
      };
    },
    transformObject: (document) => tidyDocument({ ...jsonSchemaTransformObject(document), webhooks }, notes),
  };
}

type RouteSchema = NonNullable<
  Parameters<NonNullable<FastifyDynamicSwaggerOptions["transform"]>>[0]["route"]["schema"]
>;

/** Which operators may use an operation that no customer's key opens. */
function orRole({ operationId }: RouteSchema): string {
  const role = neededRole(operationId);
  if (role === "viewer") return " or any operator's";
  return role === "admin"
    ? ", or an operator with the role `admin`"
    : `, or an operator with the role \`${role}\` or \`admin\``;
}

/**
 * Every error that a route can return: its own, and those that follow from what it takes and who may call it.
 */
function errorsOf(
  schema: RouteSchema,
  { isAdminOnly, changes }: { isAdminOnly: boolean; changes: boolean },
): ErrorCode[] {
  const isPublic = schema.security?.length === 0;
  return [
    ...(schema.errors ?? []),
    ...(schema.body || schema.params ? (["malformed_request"] as const) : []),
    ...(schema.body ? (["payload_too_large", "unsupported_media_type"] as const) : []),
    ...(schema.body || schema.params || schema.querystring ? (["validation_failed"] as const) : []),
    ...(isPublic ? [] : (["missing_api_key", "invalid_api_key", "unavailable"] as const)),
    ...(schema.body && !isPublic ? (["rate_limited"] as const) : []),
    // Also for what changes something by a cookie without the header that guards it.
    ...(isAdminOnly || (changes && !isPublic) ? (["forbidden"] as const) : []),
    "internal_error",
  ];
}

/**
 * Responses by status: `transformed` has their JSON Schemas, `own` the zod schemas of the route, which have
 * names.
 */
function asResponses(transformed: unknown, own: unknown): Record<string, unknown> {
  // Both map each status to a schema, or to the form with `content`, which is documented by hand.
  const schemas = Object.entries(transformed as Record<string, Record<string, unknown>>);
  const named = own as Record<string, unknown>;
  return Object.fromEntries(
    schemas.map(([status, schema]) => {
      if ("content" in schema) return [status, schema];
      if (status === "204") return [status, { type: "null", description: "Done. Returns no body." }];
      const returns = `Returns the \`${nameOf(named[status])}\``;
      const description =
        status === "201"
          ? `Created. ${returns}.`
          : "201" in named
            ? `${returns} that an earlier request created.`
            : `${returns}.`;
      return [status, { description, content: { "application/json": { schema } } }];
    }),
  );
}

function nameOf(schema: unknown): string {
  const name = schema instanceof z.ZodType ? schema.meta()?.id : undefined;
  if (name === undefined) throw new Error("the schema of a response has no id: give it one with meta()");
  return name;
}

function asProblems(codes: readonly ErrorCode[]): Record<string, unknown> {
  const statuses = new Set(codes.map((code) => ERRORS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = codes.filter((code) => ERRORS[code].status === status);
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
