import { type Database, findOwnerStates, type OwnerState } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { AuthObserver } from "../observer.ts"
import type { NamedAdmins } from "./administrator.ts"
import type { Owner } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

/**
 * Finds an owner without an own account, whom an issuer vouches for. Nothing is written: the owner need not have a row.
 *
 * @returns null if the owner is disabled.
 */
export type FindOwner = (
  vouched: Pick<Owner, "issuer" | "subject" | "email" | "role">,
) => Promise<Owner | null>

export function createFindOwner(deps: {
  db: Database
  namedAdmins: NamedAdmins
  observer: AuthObserver | undefined
}): FindOwner {
  const { observer } = deps
  const findState = createBatchedRead(
    (ids) => findOwnerStates(deps.db, { ids }),
    (state: OwnerState) => state.id,
    observer && ((size) => observer.batch("owners", size)),
  )
  return async (vouched) => {
    const id = ownerIdOf(vouched)
    const state = await findState(id)
    if (state?.isDisabled) return null
    const { issuer, subject, email, role } = vouched
    const createdAt = state?.createdAt ?? null
    return deps.namedAdmins.withRole({ id, issuer, subject, email, role, createdAt })
  }
}
