import { REASONS, type Reason } from "@latchkey/contract"
import type { JsonSchema, RestOperation } from "./restOperations.ts"

/** Describes when an operation fails with each reason. The other reasons are not errors of an operation. */
const DESCRIPTIONS: Partial<Record<Reason, string>> = {
  INVALID_INPUT: "the input is invalid; `issues` lists the fields.",
  AMBIGUOUS_CREDENTIALS: "the request has more than one credential.",
  UNAUTHENTICATED: "the credential is missing or not valid.",
  LOGIN_FAILED: "the email or password is wrong.",
  SECOND_FACTOR_REQUIRED:
    "the password is right, and the account has a second factor. Call again with `challenge` and a code.",
  FORBIDDEN: "the caller is not allowed to do this.",
  INSUFFICIENT_SCOPE: "the credential lacks a scope.",
  NOT_FOUND: "nothing with this id exists, is still active, and is accessible to the caller.",
  EMAIL_TAKEN: "an account with this email already exists.",
  SECOND_FACTOR_EXISTS: "the account already has a second factor.",
  KEY_LIMIT_REACHED: "the user has reached the limit of active keys.",
  ALREADY_REPLACED: "another key has already replaced this one.",
  TOO_LARGE: "the body exceeds 64 KiB.",
  UNSUPPORTED_MEDIA_TYPE: "the body is compressed, or its type is not the documented one.",
  RATE_LIMITED: "too many attempts, or calls by this API key. The request had no effect.",
  UNAVAILABLE:
    "the service is temporarily unavailable. Unless `begun` is false, the request may have taken effect.",
}

const RETRY_AFTER = { "Retry-After": header("Seconds to wait before retrying.", "integer") }

/** The headers of error responses, by status. */
const HEADERS: Readonly<Record<number, Record<string, object>>> = {
  401: { "WWW-Authenticate": header("The authentication scheme to use.", "string") },
  429: {
    ...RETRY_AFTER,
    RateLimit: header(
      "The remaining quota of the strictest rate limit, and the seconds until it resets.",
      "string",
    ),
    "RateLimit-Policy": header("The total quota of that rate limit, and its window in seconds.", "string"),
  },
  503: RETRY_AFTER,
}

/** The body of every error response. */
export const errorSchema: JsonSchema = {
  type: "object",
  examples: [
    {
      code: "BAD_REQUEST",
      reason: "INVALID_INPUT",
      message: "label must have 1 to 100 characters",
      requestId: "eb152d7d-e6dd-4a2a-b777-ebffa0322b4d",
      issues: [{ path: ["label"], message: "label must have 1 to 100 characters" }],
    },
  ],
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
      description:
        "False if the request certainly had no effect, so it can be retried safely. True if it had, or may have had, an effect: send it again to complete it.",
    },
    retryAfter: { type: "integer", description: "Seconds to wait before retrying, if known." },
    limit: {
      type: "string",
      enum: ["key", "caller"],
      description:
        "Whose limit was exceeded, if the request is about an API key: the limit of that key, or of the key that asks.",
    },
    challenge: {
      type: "string",
      description:
        "With `SECOND_FACTOR_REQUIRED`: the next call to sign in presents it along with a code. It works once, within 5 minutes, with at most 5 attempts.",
    },
    methods: {
      type: "array",
      description: "With `SECOND_FACTOR_REQUIRED`: which codes can complete the sign-in.",
      items: { type: "string", enum: ["totp", "recoveryCode"] },
    },
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

/** Why an operation can fail, apart from bugs in the server. */
function reasonsOf({ access, kind, params, scope, oauth, reasons = [] }: RestOperation): readonly Reason[] {
  return [
    "INVALID_INPUT",
    ...(access === "anyone" ? [] : (["AMBIGUOUS_CREDENTIALS", "UNAUTHENTICATED"] as const)),
    ...(access === "jwt" || access === "admin" ? (["FORBIDDEN"] as const) : []),
    ...(scope === undefined || oauth ? [] : (["INSUFFICIENT_SCOPE"] as const)),
    ...(params ? (["NOT_FOUND"] as const) : []),
    ...(access === "anyone" || reasons.includes("RATE_LIMITED") ? [] : (["RATE_LIMITED"] as const)),
    ...(kind === "mutation" ? (["TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const) : []),
    ...reasons,
    "UNAVAILABLE",
  ]
}

/** The error responses of an operation, by status. */
export function errorResponses(operation: RestOperation) {
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } }
  const descriptions = new Map<number, string[]>()
  for (const reason of reasonsOf(operation)) {
    const { status } = REASONS[reason]
    descriptions.set(status, [...(descriptions.get(status) ?? []), `\`${reason}\`: ${DESCRIPTIONS[reason]}`])
  }
  return Object.fromEntries(
    [...descriptions].map(([status, sentences]) => [
      status,
      {
        description: sentences.join(" "),
        ...(HEADERS[status] && { headers: HEADERS[status] }),
        content,
      },
    ]),
  )
}

/** A header in OpenAPI. */
export function header(description: string, type: "string" | "integer") {
  return { description, schema: { type } }
}
