import { type JsonSchema, type RestOperation, restOperations } from "./restOperations.ts"

const ERRORS = {
  "400": "INVALID_INPUT or AMBIGUOUS_CREDENTIALS",
  "401": "UNAUTHENTICATED or LOGIN_FAILED",
  "403": "FORBIDDEN",
  "404": "NOT_FOUND",
  "409": "EMAIL_TAKEN or KEY_LIMIT_REACHED",
  "413": "TOO_LARGE",
  "415": "UNSUPPORTED_MEDIA_TYPE",
  "429": "RATE_LIMITED; RateLimit and RateLimit-Policy say which limit",
  "503": "UNAVAILABLE",
}

const errorSchema: JsonSchema = {
  type: "object",
  required: ["code", "reason", "message", "requestId"],
  properties: {
    code: { type: "string", description: "The kind of error, as tRPC names it." },
    reason: { type: "string", description: "What to tell errors apart by." },
    message: { type: "string", description: "For a person to read." },
    requestId: { type: "string", description: "The same as in X-Request-Id." },
    begun: { type: "boolean", const: false, description: "Nothing was changed; the call may be repeated." },
    retryAfter: { type: "integer", description: "Seconds after which it is worth trying again." },
    issues: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "array", items: { type: ["string", "number"] } },
          message: { type: "string" },
        },
      },
    },
  },
}

const SECURITY = {
  anyone: [],
  jwt: [{ accessToken: [] }],
  jwtOrKey: [{ accessToken: [] }, { apiKey: [] }],
  admin: [{ accessToken: [] }],
}

/** The REST surface as OpenAPI 3.1, made from the router. */
export function createOpenApiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of restOperations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(operation),
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Latchkey", version, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: {
        accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
  }
}

function describe(operation: RestOperation) {
  const { input, output, params = {} } = operation
  const inPath = Object.values(params)
  const fields = Object.keys(input?.properties ?? {}).filter((name) => !inPath.includes(name))
  const inBody = operation.method === "POST" && fields.length > 0
  return {
    operationId: operation.procedure,
    summary: operation.summary,
    ...(operation.access === "admin" && { description: "For administrators." }),
    security: SECURITY[operation.access],
    parameters: [
      ...Object.entries(params).map(([name, field]) =>
        parameter("path", name, input?.properties?.[field], true),
      ),
      ...(inBody ? [] : fields).map((name) =>
        parameter("query", name, input?.properties?.[name], input?.required?.includes(name) ?? false),
      ),
    ],
    ...(inBody && { requestBody: { required: true, content: { "application/json": { schema: input } } } }),
    responses: {
      [operation.status]: output
        ? { description: "Done", content: { "application/json": { schema: output } } }
        : { description: "Done" },
      ...Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [
          status,
          {
            description,
            content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
          },
        ]),
      ),
    },
  }
}

const parameter = (
  place: "path" | "query",
  name: string,
  schema: JsonSchema | undefined,
  required: boolean,
) => ({
  name,
  in: place,
  required,
  schema: schema ?? {},
})
