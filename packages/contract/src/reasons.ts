/** Why a call failed, as reported by the server. */
export type Reason =
  | "INVALID_INPUT"
  | "AMBIGUOUS_CREDENTIALS"
  | "UNAUTHENTICATED"
  | "LOGIN_FAILED"
  | "SECOND_FACTOR_REQUIRED"
  | "FORBIDDEN"
  | "INSUFFICIENT_SCOPE"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "EMAIL_TAKEN"
  | "SECOND_FACTOR_EXISTS"
  | "KEY_LIMIT_REACHED"
  | "ALREADY_REPLACED"
  | "TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "RATE_LIMITED"
  | "INTERNAL"
  | "UNAVAILABLE"

/** The tRPC code and HTTP status of each reason. */
export const REASONS = {
  INVALID_INPUT: { code: "BAD_REQUEST", status: 400 },
  AMBIGUOUS_CREDENTIALS: { code: "BAD_REQUEST", status: 400 },
  UNAUTHENTICATED: { code: "UNAUTHORIZED", status: 401 },
  LOGIN_FAILED: { code: "UNAUTHORIZED", status: 401 },
  SECOND_FACTOR_REQUIRED: { code: "UNAUTHORIZED", status: 401 },
  FORBIDDEN: { code: "FORBIDDEN", status: 403 },
  INSUFFICIENT_SCOPE: { code: "FORBIDDEN", status: 403 },
  NOT_FOUND: { code: "NOT_FOUND", status: 404 },
  METHOD_NOT_ALLOWED: { code: "METHOD_NOT_SUPPORTED", status: 405 },
  EMAIL_TAKEN: { code: "CONFLICT", status: 409 },
  SECOND_FACTOR_EXISTS: { code: "CONFLICT", status: 409 },
  KEY_LIMIT_REACHED: { code: "CONFLICT", status: 409 },
  ALREADY_REPLACED: { code: "CONFLICT", status: 409 },
  TOO_LARGE: { code: "PAYLOAD_TOO_LARGE", status: 413 },
  UNSUPPORTED_MEDIA_TYPE: { code: "UNSUPPORTED_MEDIA_TYPE", status: 415 },
  RATE_LIMITED: { code: "TOO_MANY_REQUESTS", status: 429 },
  INTERNAL: { code: "INTERNAL_SERVER_ERROR", status: 500 },
  UNAVAILABLE: { code: "SERVICE_UNAVAILABLE", status: 503 },
} as const satisfies Record<Reason, { code: string; status: number }>

/** Whether a string is a reason known here; a newer server may send others. */
export const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text)
