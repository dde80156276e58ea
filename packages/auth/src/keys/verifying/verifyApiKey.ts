import { lookupIdOf } from "@latchkey/contract"
import {
  type Database,
  findLeasedApiKeys,
  findVerifiableApiKeys,
  recordReceipt,
  type VerifiableApiKey,
} from "@latchkey/db"
import type { Presenter } from "../../clientInfo.ts"
import type { BcryptQueue } from "../../crypto/bcryptQueue.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import type { FailureBudget } from "../../limits/failureBudget.ts"
import type { Memory } from "../../memory.ts"
import { type AuthObserver, watchBatches } from "../../observer.ts"
import { createVerdictRead } from "../../verdictRead.ts"
import type { ImportedForms } from "../imported/importedForm.ts"
import type { ImportedKeys } from "../imported/importedKeys.ts"
import { createVerifyImportedKey } from "../imported/verifyImportedKey.ts"
import { parseKey } from "../keyFormat.ts"
import { createAddressMatcher } from "./addressMatcher.ts"
import { createBoundedCompare } from "./boundedCompare.ts"
import type { KeyRefusals } from "./keyRefusals.ts"
import type { KeyRejection, VerifiedKey } from "./keyRejection.ts"
import { checkReceipt, createReceiptMemory, makeReceipt } from "./receipt.ts"
import { createRenewals } from "./receiptRenewals.ts"
import { createShare } from "./shareFlights.ts"
import { requireKnownChecks } from "./standing.ts"

/**
 * Resolves to the row of a currently valid API key, or to the reason why it is not valid.
 *
 * @param client the key has to allow its address, for which failed bcrypts are counted.
 */
export type VerifyApiKey = (apiKey: string, client: Presenter) => Promise<VerifiedKey>

/**
 * Verifies keys at the cost of a batched read and one HMAC. bcrypt is the root of trust, and runs only for a row
 * without a receipt under a known server secret.
 *
 * @throws {AuthError} `UNAVAILABLE` if too many bcrypts are waiting, or too many have failed for this lookup id and
 *   address: without a bcrypt, a guess can't be told from the key. Also if the row needs a check that this version does
 *   not know. `DatabaseUnavailable` if the row can't be read.
 */
export function createVerifyApiKey({
  db,
  memory,
  keyring,
  bcrypt,
  failures,
  refusals,
  serves,
  imported,
  observer,
}: {
  db: Database
  memory: Memory | undefined
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  /** For the owners' audit trails. */
  refusals: Pick<KeyRefusals, "note">
  /** Whether keys of an issuer's owners are accepted here. */
  serves: (issuer: string) => boolean
  /** Which texts may be imported keys, and how their rows are found. */
  imported: { forms: ImportedForms; keys: ImportedKeys }
  observer: AuthObserver | undefined
}): VerifyApiKey {
  const rows = createVerdictRead<VerifiableApiKey>(memory, {
    read: (lookupIds) => findVerifiableApiKeys(db, { lookupIds }),
    readSeen: (lookupIds) => findLeasedApiKeys(db, { lookupIds }),
    idOf: (row) => row.lookupId,
    subjectsOf: (row) => [row.id, row.owner.id],
    // Rejections are always decided by the database.
    endOf: (row) =>
      row.ended ? Number.NEGATIVE_INFINITY : (row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY),
    watch: watchBatches(observer, "apiKeys"),
  })

  async function findRow(lookupId: string): Promise<VerifiableApiKey | null> {
    const row = await rows.find(lookupId)
    const now = memory?.lease.latestTime() ?? 0
    // A row from memory was read earlier, so limits use the time of the call, which is Infinity once the lease is
    // over.
    if (row && now > row.readAt && now < Number.POSITIVE_INFINITY) row.readAt = now
    return row
  }
  /** Comparisons and renewals in flight. */
  const share = createShare<boolean>()
  const compare = createBoundedCompare({ bcrypt, failures })
  const renewals = createRenewals()
  const isInBlocks = createAddressMatcher()
  const check = memory
    ? createReceiptMemory(keyring)
    : (row: VerifiableApiKey, apiKey: string) => checkReceipt(keyring, row, apiKey)

  async function renewReceipt(row: VerifiableApiKey, apiKey: string): Promise<boolean> {
    const { id, keyHash, owner } = row
    const isRecorded = await recordReceipt(db, {
      id,
      ownerId: owner.id,
      keyHash,
      receipt: makeReceipt(keyring.current, { id, ownerId: owner.id, keyHash, apiKey }),
      receiptSecretId: keyring.current.id,
    })
    rows.forget(row.lookupId)
    return isRecorded
  }

  /** @throws {AuthError} synchronously. */
  function beginCompare(row: VerifiableApiKey, apiKey: string, address: string): Promise<boolean> {
    return compare(row, apiKey, address).then((isRight) => isRight && renewReceipt(row, apiKey))
  }

  function reject(cause: KeyRejection["cause"], apiKeyId?: string): KeyRejection {
    // Metrics don't show why a key is no longer active.
    const isKnown = cause === "malformed" || cause === "mismatch"
    observer?.verdict("apiKey", isKnown ? cause : "unknown")
    return { cause, ...(apiKeyId !== undefined && { apiKeyId }) }
  }

  /** Without bcrypt, because the key is rejected anyway. */
  function rejectEnded(row: VerifiableApiKey, key: string, cause: KeyRejection["cause"]): KeyRejection {
    const verdict = check(row, key)
    if (verdict === "mismatch") return reject("mismatch")
    return verdict === "none" ? reject("unknown") : reject(cause, row.id)
  }

  /** Whether the key may be used from the client's address. A refusal is recorded, because the secret matches. */
  function isAllowed(row: VerifiableApiKey, client: Presenter): boolean {
    if (row.allowedIps === null) return true
    if (client.knownAddress && isInBlocks(client.knownAddress, row.allowedIps)) return true
    // An introspection names the address where the key was presented. That address is recorded in the trail only if
    // the caller may ask.
    if (client.mayCompare) client.mayCompare.then(() => refusals.note(row, client)).catch(() => {})
    else refusals.note(row, client)
    return false
  }

  /** For a key whose secret matches. */
  function accept(row: VerifiableApiKey, client: Presenter): VerifiedKey {
    requireKnownChecks(row)
    return isAllowed(row, client) ? { row } : reject("address", row.id)
  }

  const verifyImported = createVerifyImportedKey(
    { keys: imported.keys, serves },
    { accept, reject, renewReceipt, mayRenew: renewals.consume },
  )

  return async (presented, client) => {
    const parts = parseKey(presented)
    const mayBeImported = imported.forms.mayBeKey(presented)
    if (!parts) return mayBeImported ? verifyImported(presented, client) : reject("malformed")
    const { prefix, key } = parts
    const row = await findRow(lookupIdOf(key))
    // Keys of other systems may have the same format.
    if (!row && mayBeImported) return verifyImported(presented, client)
    if (!row || row.prefix !== prefix || !serves(row.owner.issuer)) return reject("unknown")
    if (row.ended) return rejectEnded(row, key, row.ended)
    switch (check(row, key)) {
      case "match":
        return accept(row, client)
      case "mismatch":
        return reject("mismatch")
      case "stale":
        if (!renewals.consume(row.id)) return accept(row, client)
        return (await share(key, () => renewReceipt(row, key))) ? accept(row, client) : reject("unknown")
      case "none":
        await client.mayCompare
        return (await share(key, () => beginCompare(row, key, client.address)))
          ? accept(row, client)
          : reject("mismatch")
    }
  }
}
