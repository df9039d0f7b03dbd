import type { FastifyRequest } from "fastify";
import type { KnownOperator } from "../../core/model/operator.ts";
import { refuseRole } from "./needed-roles.ts";

/** Sets `request.principal`, or refuses an operator whose role is not enough. */
export function admitOperator(request: FastifyRequest, operator: KnownOperator): undefined {
  refuseRole(request, operator);
  request.principal = { kind: "operator", operator };
}
