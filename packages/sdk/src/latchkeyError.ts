import type { Reason } from "@latchkey/contract"

/**
 * Why a call failed. `NETWORK`: no answer came, or one that Latchkey did not write, such as a proxy's page.
 * `TIMEOUT`: the call's time was up, or its signal was aborted, before the answer came. All others are the
 * server's words.
 */
export type LatchkeyReason = Reason | "NETWORK" | "TIMEOUT"

/** One thing that is wrong with an input. */
export interface Issue {
  /** Where, from the outside in: `["label"]`. */
  path: (string | number)[]
  message: string
}

/** An error as it comes over tRPC: what `TRPCClientError<AppRouter>` has for a `shape`. */
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
    begun?: false
    /** Seconds; of this call, where the answer's header has the longest of a batch. */
    retryAfter?: number
  }
}

export interface LatchkeyErrorDetails {
  reason: LatchkeyReason
  /** The HTTP status of this call, where there was an answer. */
  status?: number | undefined
  /** What to quote when asking the server's operator; stands in the server's log too. */
  requestId?: string | undefined
  /** Seconds to wait before the next try. */
  retryAfter?: number | undefined
  /** What is wrong with the input, field by field. */
  issues?: readonly Issue[] | undefined
  /** False where the call certainly changed nothing, so that repeating it is harmless. */
  begun?: false | undefined
}

/** The one error that calls throw. It holds no credential, however it is printed. */
export class LatchkeyError extends Error implements LatchkeyErrorDetails {
  readonly reason: LatchkeyReason
  declare readonly status?: number
  declare readonly requestId?: string
  declare readonly retryAfter?: number
  declare readonly issues?: readonly Issue[]
  declare readonly begun?: false

  static {
    // On the prototype, where a stack's first line finds it, and no list of an error's own fields.
    LatchkeyError.prototype.name = "LatchkeyError"
  }

  constructor(message: string, { reason, ...details }: LatchkeyErrorDetails, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    // Only what is known, so that printing shows no rows of `undefined`.
    for (const [name, value] of Object.entries(details)) {
      if (value !== undefined) Object.assign(this, { [name]: value })
    }
  }

  /** For logs: everything but the stack and the cause. */
  toJSON(): LatchkeyErrorDetails & { name: string; message: string } {
    return { ...this, name: this.name, message: this.message }
  }
}
