import { z } from "zod";
import { SCOPES } from "../../../core/model/api-key.ts";
import { Id, UtcTime } from "../../http/fields.ts";
import { OPERATOR_EXAMPLE, Role } from "../operators/contract.ts";
import { Customer, CUSTOMER_EXAMPLE } from "../customers/contract.ts";

export const Me = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("admin"), name: z.literal("admin"), role: z.literal("admin") }),
    z.strictObject({ kind: z.literal("operator"), id: Id, name: z.string(), role: Role }),
    z.strictObject({
      kind: z.literal("customer"),
      customer: Customer,
      api_key: z
        .strictObject({
          id: Id,
          name: z.string().nullable(),
          prefix: z.string().meta({ description: "The first 12 characters of the key." }),
          scopes: z.array(z.enum(SCOPES)).readonly().meta({ description: "What the key may do." }),
          expires_at: UtcTime.nullable().meta({ description: "When the key expires. Null: never." }),
        })
        .meta({ description: "The key that the request was sent with." }),
    }),
  ])
  .meta({
    id: "Me",
    examples: [
      {
        kind: "customer",
        customer: CUSTOMER_EXAMPLE,
        api_key: {
          id: "019ab1f0-61aa-7d20-b0a4-02c1a2f7c9d0",
          name: "production",
          prefix: "iep_2rX0nq1J",
          scopes: [...SCOPES],
          expires_at: null,
        },
      },
      { kind: "operator", id: OPERATOR_EXAMPLE.id, name: "Grace Hopper", role: "finance" },
      { kind: "admin", name: "admin", role: "admin" },
    ],
  });
