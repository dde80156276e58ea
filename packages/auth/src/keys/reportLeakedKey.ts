import { setTimeout as sleep } from "node:timers/promises"
import { lookupIdOf } from "@latchkey/contract"
import { type Database, findVerifiableApiKeys, revokeLeakedApiKey, type VerifiableApiKey } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { ConfiguredKeyCallers } from "../identities/configuredKeys.ts"
import type { FailureBudget } from "../limits/failureBudget.ts"
import type { Throttle } from "../limits/throttle.ts"
import { createBoundedCompare } from "./boundedCompare.ts"
import { parseKey } from "./keyFormat.ts"
import { checkReceipt } from "./receipt.ts"
import type { VerifyApiKey } from "./verifyApiKey.ts"

/**
 * How long a report takes at least: longer than most revocations. Otherwise its time would tell whether the key was live,
 * which nobody learns from the answer.
 */
const MIN_MS = 300

/**
 * Revokes a key that somebody reports as leaked. Whoever has the whole key may end it: that is less than they could do with
 * it. Once this has resolved, no instance accepts the key. It resolves alike if there is no such key.
 *
 * Expired and disabled keys end too, whatever addresses, limits or further checks they have; imported ones if they have been
 * used before.
 *
 * @throws {AuthError} `RATE_LIMITED` by address; `UNAVAILABLE`, as in `VerifyApiKey`.
 */
export type ReportLeakedKey = (key: string, client: ClientInfo) => Promise<void>

export function createReportLeakedKey({
  db,
  keyring,
  bcrypt,
  failures,
  verify,
  throttle,
  configuredKeys,
  onConfiguredKey,
}: {
  db: Database
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  /** For imported keys. */
  verify: VerifyApiKey
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

  /** The id of a key that comes from another system; undefined if it is none. */
  async function findImported(presented: string, client: ClientInfo): Promise<string | undefined> {
    const verified = await verify(presented, client)
    return "row" in verified ? verified.row.id : verified.apiKeyId
  }

  async function findId(presented: string, client: ClientInfo): Promise<string | undefined> {
    const parts = parseKey(presented)
    const [row] = parts ? await findVerifiableApiKeys(db, { lookupIds: [lookupIdOf(parts.key)] }) : []
    if (!parts || !row) return findImported(presented, client)
    const isLive = row.prefix === parts.prefix && (await isKeyOf(row, parts.key, client.address))
    return isLive ? row.id : undefined
  }

  async function revokeIfLive(presented: string, client: ClientInfo) {
    const id = await findId(presented, client)
    if (id !== undefined) await revokeLeakedApiKey(db, { id, client })
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
