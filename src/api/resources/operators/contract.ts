import { z } from "zod";
import { OPERATOR_ROLES } from "../../../core/model/operator.ts";
import { Id, pageOf, UtcTime } from "../../http/fields.ts";
import { Name } from "../customers/contract.ts";

export const Role = z.enum(OPERATOR_ROLES).meta({
  description:
    "A `viewer` reads. An `operator` also runs jobs, the queue and runners. `finance` also moves money, changes wallets and sets customers' prices. An `admin` does everything.",
});

export const OPERATOR_EXAMPLE = {
  id: "019ab1f0-7c11-7d0e-9a52-5d1c8e6b7a90",
  name: "Grace Hopper",
  role: "finance" as const,
  active: true,
  prefix: "iepo_2rX0nq1",
  created_at: "2026-11-23T21:06:10.5Z",
  updated_at: "2026-11-23T21:06:10.5Z",
  last_used_at: "2026-11-23T21:07:00Z",
  revoked_at: null,
};

export const NewOperator = z
  .strictObject({
    name: Name.meta({ description: "The name that stands in the entries and actions of this operator." }),
    role: Role,
  })
  .meta({ id: "NewOperator", examples: [{ name: "Grace Hopper", role: "finance" }] });

export const OperatorChanges = z
  .strictObject({ role: Role.optional(), active: z.boolean().optional() })
  .meta({ id: "OperatorChanges", examples: [{ role: "viewer" }] });

const fields = {
  id: Id,
  name: z.string(),
  role: Role,
  active: z
    .boolean()
    .meta({ description: "The key of an inactive operator is refused until it is active again." }),
  prefix: z.string().meta({ description: "The first 12 characters of the key." }),
  created_at: UtcTime,
  updated_at: UtcTime,
  last_used_at: UtcTime.nullable().meta({
    description: "When the key was last used, to the minute. Null if it was never used.",
  }),
  revoked_at: UtcTime.nullable().meta({ description: "Null while the key is valid." }),
};

export const Operator = z.strictObject(fields).meta({ id: "Operator", examples: [OPERATOR_EXAMPLE] });

export const CreatedOperator = z
  .strictObject({
    ...fields,
    api_key: z
      .string()
      .meta({ description: "The secret key. It is shown only here: the platform stores its hash." }),
  })
  .meta({
    id: "CreatedOperator",
    examples: [
      {
        ...OPERATOR_EXAMPLE,
        last_used_at: null,
        api_key: "iepo_2rX0nq1Jm8VtYc5uKe7ZsPaLhWd3Gf6BoIiUxTvNyQk",
      },
    ],
  });

export const OperatorPage = pageOf(Operator, "OperatorPage");
