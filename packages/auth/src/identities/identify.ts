import { z } from "zod"
import { AuthError } from "../errors.ts"
import { isSubject } from "./isSubject.ts"

/** The host's answer to who is signed in by its own sessions. */
export interface Identity {
  /** The host's own id of the owner: a person, or an organization. */
  subject: string
  /** Default: the host's issuer. May be a trusted issuer, so that its cookie and its JWTs identify the same owner. */
  issuer?: string | undefined
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string | undefined
  /** For display only. Owners are never matched by email. */
  email?: string | undefined
  role?: "admin" | undefined
  /** `read`: may change nothing. */
  manage?: "read" | undefined
}

/**
 * Asks the host who is signed in; null for nobody.
 *
 * @param request the framework's own request.
 */
export type Identify = (headers: Headers, request: unknown) => Identity | null | Promise<Identity | null>

const subject = z.custom<string>(isSubject, "expected 1 to 255 characters without control characters")

// Unknown fields are refused: a misspelled `manage` would otherwise grant what it was meant to deny.
const identity = z
  .strictObject({
    subject,
    issuer: z.string().optional(),
    actor: subject.optional(),
    email: z.string().max(320).optional(),
    role: z.literal("admin").optional(),
    manage: z.literal("read").optional(),
  })
  .nullable()

/**
 * Calls the host's `identify` and checks its result.
 *
 * @param options.issuers the issuers that it may name; the first is the default.
 * @throws {AuthError} `UNAVAILABLE` if it fails or its result has another shape, with the cause for the log. A bug in
 *   the host must not make a caller anonymous, or somebody else.
 */
export function createAskHost(
  identify: Identify,
  { issuers }: { issuers: readonly [string, ...string[]] },
): (headers: Headers, request: unknown) => Promise<(Identity & { issuer: string }) | null> {
  return async (headers, request) => {
    try {
      const identified = identity.parse(await identify(headers, request))
      if (!identified) return null
      const { issuer = issuers[0] } = identified
      if (!issuers.includes(issuer)) throw new TypeError("identify returned an issuer that is not served")
      return { ...identified, issuer }
    } catch (cause) {
      throw new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
        cause: new Error("identify failed", { cause }),
      })
    }
  }
}
