import { createOpenApiDocument } from "@latchkey/api"
import type { OpenApiParts } from "./types.ts"

const REFUSALS = ["400", "401", "403", "429", "503"] as const

/** How callers of a host present their credentials. */
const SCHEMES = ["accessToken", "apiKey", "apiKeyAsBearer"] as const

/** Parts for the OpenAPI document of a host: the security schemes, and the responses when a caller is refused. */
export function createOpenApiParts(): OpenApiParts {
  const { components, paths } = createOpenApiDocument("")
  const described = paths["/auth/apikeys"]?.post as { responses: Record<string, object> }
  const responses = Object.fromEntries(
    REFUSALS.map((status) => [`Latchkey${status}`, { ...described.responses[status] }]),
  )
  const { securitySchemes } = components
  const schemas = { LatchkeyError: components.schemas.Error }
  return JSON.parse(
    JSON.stringify({
      securitySchemes: Object.fromEntries(SCHEMES.map((name) => [name, securitySchemes[name]])),
      schemas,
      responses,
      operation: {
        security: SCHEMES.map((name) => ({ [name]: [] })),
        responses: Object.fromEntries(
          REFUSALS.map((status) => [status, { $ref: `#/components/responses/Latchkey${status}` }]),
        ),
      },
    }).replaceAll("#/components/schemas/Error", "#/components/schemas/LatchkeyError"),
  )
}
