import { type Database, findVerifiableApiKeysById, type VerifiableApiKey } from "@latchkey/db"
import { createBatchedRead } from "../../batchedRead.ts"
import { isUuid } from "../../isUuid.ts"
import { requireKnownChecks } from "../../keys/verifying/standing.ts"
import type { Memory } from "../../memory.ts"
import { type AuthObserver, watchBatches } from "../../observer.ts"
import { fenced } from "../../verdictRead.ts"
import { type Administrator, managerOf, type NamedAdmins } from "../administrator.ts"
import { callerOfKey } from "../callerOfKey.ts"
import type { ConfiguredKeyCallers } from "../configuredKeys.ts"
import { MANAGE, type Scopes } from "../scopes.ts"
import type { KeyReference } from "./ownerToken.ts"

/**
 * Finds the administrator of a managing key, without the key itself. Null if the key was revoked, has expired or is no
 * longer configured, or may no longer manage.
 *
 * @throws {AuthError} `UNAVAILABLE` for a key that needs a check that this version does not know. `DatabaseUnavailable`.
 */
export type FindManager = (key: KeyReference) => Promise<Administrator | null>

export function createFindManager(deps: {
  db: Database
  memory: Memory | undefined
  scopes: Scopes
  namedAdmins: NamedAdmins
  configuredKeys: ConfiguredKeyCallers
  /** Whether keys of an issuer's owners are accepted here. */
  serves: (issuer: string) => boolean
  observer: AuthObserver | undefined
}): FindManager {
  const { namedAdmins, observer } = deps
  const findRow = createBatchedRead(
    fenced(deps.memory, (ids) => findVerifiableApiKeysById(deps.db, { ids })),
    (row: VerifiableApiKey) => row.id,
    watchBatches(observer, "apiKeys"),
  )

  async function findStored(id: string) {
    const row = isUuid(id) ? await findRow(id) : null
    if (!row || row.ended !== null || !deps.serves(row.owner.issuer)) return null
    requireKnownChecks(row)
    return callerOfKey(row, deps)
  }

  return async ({ apiKeyId, fingerprint }) => {
    const caller =
      fingerprint === undefined
        ? await findStored(apiKeyId)
        : deps.configuredKeys.findByFingerprint(fingerprint)
    return caller?.scopes.includes(MANAGE) ? managerOf(namedAdmins, caller) : null
  }
}
