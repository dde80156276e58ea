import { setTimeout as sleep } from "node:timers/promises"
import { lookupIdOf } from "@latchkey/contract"
import {
  confirmRevocation,
  type Database,
  findVerifiableApiKeys,
  revokeLeakedApiKey,
  type VerifiableApiKey,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { ConfiguredKeyCallers } from "../identities/configuredKeys.ts"
import type { FailureBudget } from "../limits/failureBudget.ts"
import type { Throttle } from "../limits/throttle.ts"
import type { ImportedForms } from "./imported/importedForm.ts"
import type { ImportedKeys } from "./imported/importedKeys.ts"
import { parseKey } from "./keyFormat.ts"
import { createBoundedCompare } from "./verifying/boundedCompare.ts"
import { checkReceipt } from "./verifying/receipt.ts"

/**
 * The minimum duration of a report: longer than most revocations. Otherwise the duration would reveal whether the key
 * was active, which the answer does not.
 */
const MIN_MS = 300

/**
 * Revokes a key that somebody reports as leaked. Anyone who has the whole key may revoke it, because they could do
 * more than that with it. Once this has resolved, no instance accepts the key. It also resolves if there is no such
 * key.
 *
 * Expired and disabled keys are revoked too, whatever addresses, limits or further checks they have, because they may
 * be enabled again.
 *
 * @throws {AuthError} `RATE_LIMITED` by address; `UNAVAILABLE`, as in `VerifyApiKey`.
 */
export type ReportLeakedKey = (key: string, client: ClientInfo) => Promise<void>

export function createReportLeakedKey({
  db,
  keyring,
  bcrypt,
  failures,
  imported,
  throttle,
  configuredKeys,
  onConfiguredKey,
}: {
  db: Database
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  imported: { forms: Pick<ImportedForms, "mayBeKey">; keys: ImportedKeys }
  throttle: Pick<Throttle, "reportLeakedKey">
  configuredKeys: Pick<ConfiguredKeyCallers, "find">
  /** Called with the name of a configured key, which can't be revoked here. */
  onConfiguredKey: (name: string) => void
}): ReportLeakedKey {
  const compare = createBoundedCompare({ bcrypt, failures })

  async function isKeyOf(row: VerifiableApiKey, key: string, address: string): Promise<boolean> {
    const verdict = checkReceipt(keyring, row, key)
    return verdict === "none" ? compare(row, key, address) : verdict !== "mismatch"
  }

  /** The id of a key that comes from another system; undefined for other texts. */
  async function findImported(presented: string): Promise<string | undefined> {
    if (!imported.forms.mayBeKey(presented)) return undefined
    const { proven, unproven } = await imported.keys.locate(presented, () => true)
    if (proven || unproven.length === 0) return proven?.row.id
    return (await imported.keys.compare(unproven, presented))?.id
  }

  async function findId(presented: string, client: ClientInfo): Promise<string | undefined> {
    const parts = parseKey(presented)
    const [row] = parts ? await findVerifiableApiKeys(db, { lookupIds: [lookupIdOf(parts.key)] }) : []
    if (!parts || !row) return findImported(presented)
    const isLive = row.prefix === parts.prefix && (await isKeyOf(row, parts.key, client.address))
    return isLive ? row.id : undefined
  }

  async function revokeIfLive(presented: string, client: ClientInfo) {
    const id = await findId(presented, client)
    if (id !== undefined) return revokeLeakedApiKey(db, { id, client })
    // It may have been revoked by a call that could not tell whether the revocation is safe.
    const key = parseKey(presented)?.key
    if (key !== undefined) await confirmRevocation(db, { key: { lookupId: lookupIdOf(key) }, client })
    if (imported.forms.mayBeKey(presented)) await confirmRevocation(db, { key: null, client })
  }

  return async (presented, client) => {
    await throttle.reportLeakedKey(client)
    const minimum = sleep(MIN_MS)
    const configured = configuredKeys.find(presented)
    if (configured?.via === "apiKey") onConfiguredKey(configured.apiKeyId)
    else await revokeIfLive(presented, client)
    await minimum
  }
}
