import { AuthError } from "@latchkey/auth"

export const ON_BEHALF_OF = "Latchkey-On-Behalf-Of"
export const ACTOR = "Latchkey-Actor"

/**
 * Visible ASCII without commas, which join headers that were sent twice. Other characters have no defined encoding in
 * a header.
 */
const ENCODED = /^[\x21-\x2b\x2d-\x7e]+$/
const OWNER = /^([\x21-\x2b\x2d-\x7e]+) ([\x21-\x2b\x2d-\x7e]+)$/

/**
 * Reads the owner for whom a call is made from `Latchkey-On-Behalf-Of: <issuer> <subject>`, and the actor from
 * `Latchkey-Actor`, all percent-encoded. Returns null without the first header.
 *
 * @throws {AuthError} `INVALID_INPUT`.
 */
export function readOnBehalfOf(
  headers: Pick<Headers, "get">,
): { issuer: string; subject: string; actor?: string } | null {
  const owner = headers.get(ON_BEHALF_OF)
  const actor = headers.get(ACTOR)
  if (owner === null) {
    if (actor === null) return null
    throw invalid(ACTOR, `needs ${ON_BEHALF_OF}`)
  }
  const [, issuer = "", subject = ""] = OWNER.exec(owner) ?? []
  return {
    issuer: decode(issuer, ON_BEHALF_OF),
    subject: decode(subject, ON_BEHALF_OF),
    ...(actor !== null && { actor: decode(ENCODED.exec(actor)?.[0] ?? "", ACTOR) }),
  }
}

/** @throws {AuthError} `INVALID_INPUT` also for an empty text. */
function decode(text: string, header: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (decoded !== "") return decoded
  } catch {
    // Reported below.
  }
  throw invalid(header, "must be percent-encoded")
}

const invalid = (field: string, problem: string) =>
  new AuthError("INVALID_INPUT", `${field} ${problem}`, { field })
