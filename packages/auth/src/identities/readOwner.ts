import { OWN_ISSUER, type OwnerIdentity } from "@latchkey/db"
import { AuthError } from "../errors.ts"
import { isUuid } from "../isUuid.ts"
import type { NamedOwner } from "./administrator.ts"
import { isSubject } from "./isSubject.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

/**
 * Identifies an owner by issuer and subject.
 *
 * @throws {AuthError} `INVALID_INPUT` for an issuer that this server does not serve, or an impossible subject.
 */
export type ReadOwner = (named: NamedOwner) => OwnerIdentity

export const createReadOwner =
  (serves: (issuer: string) => boolean): ReadOwner =>
  ({ issuer, subject }) => {
    if (!serves(issuer)) throw invalid("issuer", "is not served here")
    const isValid = issuer === OWN_ISSUER ? isUuid(subject) : isSubject(subject)
    if (!isValid) throw invalid("subject", "must have 1 to 255 characters, none of them a control character")
    return { id: ownerIdOf({ issuer, subject }), issuer, subject }
  }

const invalid = (field: string, problem: string) =>
  new AuthError("INVALID_INPUT", `${field} ${problem}`, { field })
