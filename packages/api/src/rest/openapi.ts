import { type JsonSchema, type RestOperation, restOperations } from "./restOperations.ts"

const RETRY_AFTER = { "Retry-After": header("Seconds after which it is worth trying again.", "integer") }

interface ErrorResponse {
  description: string
  headers?: Record<string, object>
}

/** By status, what any operation may answer. */
const ERRORS: Record<string, ErrorResponse> = {
  "400": { description: "INVALID_INPUT or AMBIGUOUS_CREDENTIALS" },
  "401": {
    description: "UNAUTHENTICATED or LOGIN_FAILED",
    headers: { "WWW-Authenticate": header("The scheme that is asked for.", "string") },
  },
  "403": { description: "FORBIDDEN" },
  "503": { description: "UNAVAILABLE", headers: RETRY_AFTER },
}

/** What only those may answer that name something in their path. */
const ERRORS_OF_PATH: Record<string, ErrorResponse> = { "404": { description: "NOT_FOUND" } }

/** What only those may answer that take a body. */
const ERRORS_OF_BODY: Record<string, ErrorResponse> = {
  "409": { description: "EMAIL_TAKEN or KEY_LIMIT_REACHED" },
  "413": { description: "TOO_LARGE" },
  "415": { description: "UNSUPPORTED_MEDIA_TYPE" },
}

/** What only those may answer that are counted; signing out by the cookie has no body. */
const ERRORS_OF_POST: Record<string, ErrorResponse> = {
  "429": {
    description: "RATE_LIMITED",
    headers: {
      ...RETRY_AFTER,
      RateLimit: header("What is left of the limit that is nearest.", "string"),
      "RateLimit-Policy": header("That limit, and its window in seconds.", "string"),
    },
  },
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
    ...(inBody && {
      requestBody: {
        required: (input?.required ?? []).length > 0,
        content: { "application/json": { schema: input } },
      },
    }),
    responses: {
      [operation.status]: output
        ? { description: "Done", content: { "application/json": { schema: output } } }
        : { description: "Done" },
      ...withBodies(ERRORS),
      ...(inPath.length > 0 && withBodies(ERRORS_OF_PATH)),
      ...(inBody && withBodies(ERRORS_OF_BODY)),
      ...(operation.method === "POST" && withBodies(ERRORS_OF_POST)),
    },
  }
}

const withBodies = (errors: Record<string, ErrorResponse>) =>
  Object.fromEntries(
    Object.entries(errors).map(([status, response]) => [
      status,
      { ...response, content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
    ]),
  )

function header(description: string, type: "string" | "integer") {
  return { description, schema: { type } }
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
