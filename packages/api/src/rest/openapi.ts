import type { Access } from "../trpc/procedures.ts"
import { errorResponses, errorSchema } from "./errorResponses.ts"
import { EXAMPLES, type Examples, PATH_EXAMPLES } from "./examples/examples.ts"
import { forwardAuthOperation } from "./forwardAuthOperation.ts"
import { headersOfManagers } from "./headersOfManagers.ts"
import { type JsonSchema, type RestOperation, servedOperations } from "./restOperations.ts"
import { SECURITY_SCHEMES } from "./securitySchemes.ts"
import { TAGS, tagOf } from "./tags.ts"

const ABOUT = [
  "This API manages API keys for programmatic access. Users sign in, create keys, and revoke them. As soon as a revocation returns, every instance rejects the key.",
  "Authenticate with either an access token (`Authorization: Bearer <token>`) or an API key (`X-API-Key: <key>`). API keys can't create keys or manage the account.",
  "Request bodies are JSON, and unknown fields are rejected. Times are ISO 8601 in UTC. To read the next page of a list, pass `nextCursor` as `cursor`; it is null on the last page. Every response has an `X-Request-Id` header.",
].join("\n\n")

type SecurityScheme = keyof typeof SECURITY_SCHEMES

const KEY: readonly SecurityScheme[] = ["apiKey", "apiKeyAsBearer"]

const SECURITY: Readonly<Record<Access, readonly SecurityScheme[]>> = {
  anyone: [],
  jwt: ["accessToken"],
  jwtOrKey: ["accessToken", ...KEY],
  key: KEY,
  admin: ["accessToken"],
}

/** The security schemes of an operation, one of which a caller needs. */
function securityOf({ access, managers, ownerTokens, oauth }: RestOperation) {
  const schemes = new Set<SecurityScheme>([
    ...SECURITY[access],
    ...(ownerTokens ? (["ownerToken"] as const) : []),
    ...(managers ? KEY : []),
    ...(oauth ? (["apiKeyAsPassword"] as const) : []),
  ])
  return [...schemes].map((scheme) => ({ [scheme]: [] }))
}

const SUCCESS = {
  200: "Success.",
  201: "Created.",
  202: "Accepted. The response has no body.",
  204: "Success. The response has no body.",
}

/** Descriptions of path parameters, by name. */
const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  key_id: "The id of the API key. This is not the key itself.",
  session_id: "The id of the session.",
  user_id: "The id of the user.",
}

/**
 * Creates the OpenAPI 3.1 document of the REST API from the router.
 *
 * @param options.basePath the path of the URL under which the API is served, or "".
 */
export function createOpenApiDocument(
  version: string,
  { passwords = "on", basePath = "" }: { passwords?: "on" | "off"; basePath?: string } = {},
) {
  const paths: Record<string, Record<string, unknown>> = {}
  const used = new Set<string>()
  for (const operation of [...servedOperations(passwords), forwardAuthOperation]) {
    used.add(tagOf(operation))
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(operation),
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Latchkey", version, description: ABOUT, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: basePath === "" ? "/" : basePath }],
    tags: TAGS.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

function describe(operation: RestOperation) {
  const { input, output, params = {} } = operation
  const examples = EXAMPLES[operation.operationId] ?? {}
  const inPath = Object.values(params)
  const fields = Object.keys(input?.properties ?? {}).filter((name) => !inPath.includes(name))
  const hasBody = operation.kind === "mutation" && fields.length > 0
  return {
    operationId: operation.operationId,
    tags: [tagOf(operation)],
    summary: operation.summary,
    description: operation.description,
    security: securityOf(operation),
    parameters: [
      ...Object.entries(params).map(([name, field]) =>
        parameter("path", name, input?.properties?.[field], true, PATH_EXAMPLES[name]),
      ),
      ...(hasBody ? [] : fields).map((name) =>
        parameter(
          "query",
          name,
          input?.properties?.[name],
          input?.required?.includes(name) ?? false,
          examples.parameters?.[name],
        ),
      ),
      ...(operation.managers === "owner" ? headersOfManagers(operation) : []),
    ],
    ...(hasBody && {
      requestBody: {
        required:
          input?.minProperties !== undefined || requiredOf(input).some((name) => fields.includes(name)),
        content: {
          [operation.oauth ? "application/x-www-form-urlencoded" : "application/json"]: {
            schema: withoutFields(input, inPath),
            examples: named(examples.request),
          },
        },
      },
    }),
    responses: {
      [operation.status]: {
        description: SUCCESS[operation.status],
        ...(operation.headers && { headers: operation.headers }),
        ...(output && {
          content: { "application/json": { schema: output, examples: named(examples.response) } },
        }),
      },
      ...errorResponses(operation),
    },
  }
}

const requiredOf = (schema: JsonSchema | null) => schema?.required ?? []

/** A schema without the fields that are in the path. */
const withoutFields = (schema: JsonSchema | null, names: readonly string[]): JsonSchema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema?.properties ?? {}).filter(([name]) => !names.includes(name)),
  ),
  ...(schema?.required && { required: schema.required.filter((name) => !names.includes(name)) }),
})

/** Examples in OpenAPI's format, which gives each one a name. */
const named = (examples: Examples = {}) =>
  Object.fromEntries(
    Object.entries(examples).map(([summary, value]) => [toName(summary), { summary, value }]),
  )

const toName = (summary: string) =>
  summary
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, "-")
    .replaceAll(/^-|-$/g, "")

const parameter = (
  place: "path" | "query",
  name: string,
  { description, ...schema }: JsonSchema = {},
  required: boolean,
  example: unknown,
) => ({
  name,
  in: place,
  description: place === "path" ? PATH_PARAMETERS[name] : description,
  required,
  schema,
  ...(example !== undefined && { example }),
})
