import type { JsonSchema } from "./restOperations.ts"

interface ErrorResponse {
  description: string
  headers?: Record<string, object>
}

const RETRY_AFTER = { "Retry-After": header("Seconds to wait before retrying.", "integer") }

/** Errors that any operation can return, by status. */
const COMMON_ERRORS: Record<string, ErrorResponse> = {
  "400": {
    description:
      "`INVALID_INPUT`: the input is invalid; `issues` lists the fields. `AMBIGUOUS_CREDENTIALS`: the request has more than one credential.",
  },
  "401": {
    description:
      "`UNAUTHENTICATED`: the credential is missing or not valid. `LOGIN_FAILED`: the email or password is wrong.",
    headers: { "WWW-Authenticate": header("The authentication scheme to use.", "string") },
  },
  "403": { description: "`FORBIDDEN`: the caller is not allowed to do this." },
  "503": {
    description:
      "`UNAVAILABLE`: the service is temporarily unavailable. Unless `begun` is false, the request may have taken effect.",
    headers: RETRY_AFTER,
  },
}

/** Errors of operations with a path parameter. */
const PATH_ERRORS: Record<string, ErrorResponse> = {
  "404": {
    description:
      "`NOT_FOUND`: nothing with this id exists, is still active, and is accessible to the caller.",
  },
}

/** Errors of operations with a body. */
const BODY_ERRORS: Record<string, ErrorResponse> = {
  "409": {
    description:
      "`EMAIL_TAKEN`: an account with this email already exists. `KEY_LIMIT_REACHED`: the user has reached the limit of active keys.",
  },
  "413": { description: "`TOO_LARGE`: the body exceeds 64 KiB." },
  "415": {
    description: "`UNSUPPORTED_MEDIA_TYPE`: the body is compressed, or its type is not `application/json`.",
  },
}

/** Errors of rate-limited operations, with or without a body. */
const POST_ERRORS: Record<string, ErrorResponse> = {
  "429": {
    description: "`RATE_LIMITED`: too many attempts. The request had no effect.",
    headers: {
      ...RETRY_AFTER,
      RateLimit: header(
        "The remaining quota of the strictest rate limit, and the seconds until it resets.",
        "string",
      ),
      "RateLimit-Policy": header("The total quota of that rate limit, and its window in seconds.", "string"),
    },
  },
}

/** The body of every error response. */
export const errorSchema: JsonSchema = {
  type: "object",
  required: ["code", "reason", "message", "requestId"],
  properties: {
    code: { type: "string", description: "The tRPC error code, such as `UNAUTHORIZED`." },
    reason: {
      type: "string",
      description: "The cause of the error, such as `LOGIN_FAILED`. Use it to handle errors in code.",
    },
    message: { type: "string", description: "An explanation for people. The wording may change." },
    requestId: {
      type: "string",
      description: "The id of the request, as in the `X-Request-Id` header and the server's log.",
    },
    begun: {
      type: "boolean",
      const: false,
      description: "Present if the request certainly had no effect, so it can be retried safely.",
    },
    retryAfter: { type: "integer", description: "Seconds to wait before retrying, if known." },
    issues: {
      type: "array",
      description: "The invalid input fields, if the error is about input fields.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: {
            type: "array",
            items: { type: ["string", "number"] },
            description: "The path to the field. Empty for the input as a whole.",
          },
          message: { type: "string", description: "What is wrong with the field." },
        },
      },
    },
  },
}

/** The error responses of an operation, by status. */
export function errorResponses({
  hasParams,
  hasBody,
  isPost,
}: Record<"hasParams" | "hasBody" | "isPost", boolean>) {
  const errors = {
    ...COMMON_ERRORS,
    ...(hasParams && PATH_ERRORS),
    ...(hasBody && BODY_ERRORS),
    ...(isPost && POST_ERRORS),
  }
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } }
  return Object.fromEntries(
    Object.entries(errors).map(([status, response]) => [status, { ...response, content }]),
  )
}

function header(description: string, type: "string" | "integer") {
  return { description, schema: { type } }
}
