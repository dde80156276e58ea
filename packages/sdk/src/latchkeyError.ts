import type { Reason, SecondFactorMethod } from "@latchkey/contract"

/**
 * Why a call failed. `NETWORK`: no response, or one that did not come from Latchkey, such as a proxy's page.
 * `TIMEOUT`: the call timed out or was aborted. The server reports all others.
 */
export type LatchkeyReason = Reason | "NETWORK" | "TIMEOUT"

/** A problem with an input. */
export interface Issue {
  /** Such as `["label"]`. */
  path: (string | number)[]
  message: string
}

/** An error on the wire: the `shape` of `TRPCClientError<AppRouter>`. */
export interface LatchkeyFailure {
  code: number
  message: string
  data: {
    /** tRPC's name for the kind of error. */
    code: string
    httpStatus: number
    reason: Reason
    requestId: string | null
    issues?: Issue[]
    begun?: boolean
    /** Seconds, for this call. The header has the longest of the batch. */
    retryAfter?: number
    limit?: "key" | "caller"
    challenge?: string
    methods?: readonly SecondFactorMethod[]
  }
}

export interface LatchkeyErrorDetails {
  reason: LatchkeyReason
  /** The HTTP status of this call, if a response came. */
  status?: number | undefined
  /** Quote it to the server's operator; it is in the server's log. */
  requestId?: string | undefined
  /** Seconds to wait before retrying, at most a day. */
  retryAfter?: number | undefined
  /** Whose limit was exceeded, with `verify`: the limit of the key, or the client's. */
  limit?: "key" | "caller" | undefined
  /** With `SECOND_FACTOR_REQUIRED`: pass it to `auth.login` with a code. It is not printed. */
  challenge?: string | undefined
  /** With `SECOND_FACTOR_REQUIRED`: which codes can complete the sign-in. */
  methods?: readonly SecondFactorMethod[] | undefined
  /** The problems with the input, by field. */
  issues?: readonly Issue[] | undefined
  /**
   * False if the call certainly changed nothing, so it is safe to retry. True if it has, or may have, changed
   * something: repeat the call.
   */
  begun?: boolean | undefined
}

/** The error that calls throw. Printing it reveals no credential. */
export class LatchkeyError extends Error implements LatchkeyErrorDetails {
  readonly reason: LatchkeyReason
  declare readonly status?: number
  declare readonly requestId?: string
  declare readonly retryAfter?: number
  declare readonly limit?: "key" | "caller"
  declare readonly challenge?: string
  declare readonly methods?: readonly SecondFactorMethod[]
  declare readonly issues?: readonly Issue[]
  declare readonly begun?: boolean

  static {
    // On the prototype, so that stacks show it but it is not listed among an error's own fields.
    LatchkeyError.prototype.name = "LatchkeyError"
  }

  constructor(
    message: string,
    { reason, challenge, ...details }: LatchkeyErrorDetails,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.reason = reason
    // Not enumerable, so that logs don't show it.
    if (challenge !== undefined) Object.defineProperty(this, "challenge", { value: challenge })
    // Unknown details are left out, so that a printed error has no `undefined` fields.
    for (const [name, value] of Object.entries(details)) {
      if (value !== undefined) Object.assign(this, { [name]: value })
    }
  }

  /** For logs: everything except the stack and the cause. */
  toJSON(): LatchkeyErrorDetails & { name: string; message: string } {
    return { ...this, name: this.name, message: this.message }
  }
}
