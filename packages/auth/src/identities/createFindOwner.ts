import { type Database, findLeasedOwnerStates, findOwnerStates, type LeasedOwnerState } from "@latchkey/db"
import type { Memory } from "../memory.ts"
import { type AuthObserver, watchBatches } from "../observer.ts"
import { createVerdictRead } from "../verdictRead.ts"
import type { NamedAdmins } from "./administrator.ts"
import type { Owner } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

/**
 * Finds an owner of another issuer. Writes nothing: the owner need not have a row.
 *
 * @returns null if the owner is disabled.
 */
export type FindOwner = (
  vouched: Pick<Owner, "issuer" | "subject" | "email" | "role">,
) => Promise<Owner | null>

export function createFindOwner(deps: {
  db: Database
  memory: Memory | undefined
  namedAdmins: NamedAdmins
  observer: AuthObserver | undefined
}): FindOwner {
  const { observer } = deps
  const states = createVerdictRead<LeasedOwnerState>(deps.memory, {
    read: (ids) => findOwnerStates(deps.db, { ids }),
    readSeen: (ids) => findLeasedOwnerStates(deps.db, { ids }),
    idOf: (state) => state.id,
    subjectsOf: (state) => [state.id],
    endOf: (state) => (state.isDisabled ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY),
    watch: watchBatches(observer, "owners"),
  })
  return async (vouched) => {
    const id = ownerIdOf(vouched)
    const state = await states.find(id)
    if (state?.isDisabled) return null
    const { issuer, subject, email, role } = vouched
    const createdAt = state?.createdAt ?? null
    return deps.namedAdmins.withRole({ id, issuer, subject, email, role, createdAt })
  }
}
