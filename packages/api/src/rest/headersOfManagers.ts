import { ACTOR, ON_BEHALF_OF } from "../http/onBehalfOf.ts"
import type { RestOperation } from "./restOperations.ts"

/** The headers by which a backend names the user for whom it acts, in OpenAPI. */
export const headersOfManagers = ({ access }: Pick<RestOperation, "access">) => [
  {
    name: ON_BEHALF_OF,
    in: "header",
    description:
      "For API keys with the scope `latchkey:manage`: the issuer and the subject of the owner to act for, each percent-encoded, with a space between them. Never `latchkey`.",
    required: access === "key",
    schema: { type: "string", pattern: "^[^ ,]+ [^ ,]+$" },
    example: "host user_42",
  },
  {
    name: ACTOR,
    in: "header",
    description: "The person who acts for that owner, percent-encoded, for the audit trail.",
    required: false,
    schema: { type: "string", pattern: "^[^ ,]+$" },
    example: "ada%40company.tld",
  },
]
