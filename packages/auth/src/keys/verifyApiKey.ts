import { lookupIdOf } from "@latchkey/contract"
import { type Database, findVerifiableApiKeys, recordReceipt, type VerifiableApiKey } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { Presenter } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { FailureBudget } from "../limits/failureBudget.ts"
import type { AuthObserver } from "../observer.ts"
import { createAddressMatcher } from "./addressMatcher.ts"
import { createBoundedCompare } from "./boundedCompare.ts"
import type { ImportedForms } from "./imported/importedForm.ts"
import { createVerifyImportedKey } from "./imported/verifyImportedKey.ts"
import { parseKey } from "./keyFormat.ts"
import type { KeyRefusals } from "./keyRefusals.ts"
import type { KeyRejection, VerifiedKey } from "./keyRejection.ts"
import { checkReceipt, makeReceipt } from "./receipt.ts"
import { createRenewals } from "./receiptRenewals.ts"
import { createShare } from "./shareFlights.ts"
import { requireKnownChecks, whyEnded } from "./standing.ts"

/**
 * Resolves to the row of a currently valid API key, or to why it is not valid.
 *
 * @param client whose address the key has to allow, and for which failed bcrypts are counted.
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
  keyring,
  bcrypt,
  failures,
  refusals,
  serves,
  imported,
  observer,
}: {
  db: Database
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  /** For the owners' audit trails. */
  refusals: Pick<KeyRefusals, "note">
  /** Whether keys of an issuer's owners are accepted here. */
  serves: (issuer: string) => boolean
  /** How imported keys look, and what limits their bcrypts. */
  imported: { forms: ImportedForms; bcrypt: BcryptQueue; failures: FailureBudget }
  observer: AuthObserver | undefined
}): VerifyApiKey {
  const onBatch = observer && ((size: number) => observer.batch("apiKeys", size))
  const findRow = createBatchedRead(
    (lookupIds) => findVerifiableApiKeys(db, { lookupIds }),
    (row: VerifiableApiKey) => row.lookupId,
    onBatch,
  )
  /** Comparisons and renewals in flight. */
  const share = createShare<boolean>()
  const compare = createBoundedCompare({ bcrypt, failures })
  const renewals = createRenewals()
  const isInBlocks = createAddressMatcher()

  async function renewReceipt({ id, keyHash, owner }: VerifiableApiKey, apiKey: string): Promise<boolean> {
    return recordReceipt(db, {
      id,
      ownerId: owner.id,
      keyHash,
      receipt: makeReceipt(keyring.current, { id, ownerId: owner.id, keyHash, apiKey }),
      receiptSecretId: keyring.current.id,
    })
  }

  /** @throws {AuthError} synchronously. */
  function beginCompare(row: VerifiableApiKey, apiKey: string, address: string): Promise<boolean> {
    return compare(row, apiKey, address).then((isRight) => isRight && renewReceipt(row, apiKey))
  }

  function reject(cause: KeyRejection["cause"], apiKeyId?: string): KeyRejection {
    // Metrics don't tell why a key is no longer active.
    const isKnown = cause === "malformed" || cause === "mismatch"
    observer?.verdict("apiKey", isKnown ? cause : "unknown")
    return { cause, ...(apiKeyId !== undefined && { apiKeyId }) }
  }

  /** Without bcrypt, which a key that is rejected anyway is not worth. */
  function rejectEnded(row: VerifiableApiKey, key: string, cause: KeyRejection["cause"]): KeyRejection {
    const verdict = checkReceipt(keyring, row, key)
    if (verdict === "mismatch") return reject("mismatch")
    return verdict === "none" ? reject("unknown") : reject(cause, row.id)
  }

  /** Whether the key may be used from the client's address. A refusal is recorded, since the secret fits. */
  function isAllowed(row: VerifiableApiKey, client: Presenter): boolean {
    if (row.allowedIps === null) return true
    if (client.knownAddress && isInBlocks(client.knownAddress, row.allowedIps)) return true
    refusals.note(row, client)
    return false
  }

  /** For a key whose secret fits. */
  function accept(row: VerifiableApiKey, client: Presenter): VerifiedKey {
    requireKnownChecks(row)
    return isAllowed(row, client) ? { row } : reject("address", row.id)
  }

  const verifyImported = createVerifyImportedKey(
    { db, keyring, serves, onBatch, ...imported },
    { accept, reject, renewReceipt, mayRenew: renewals.consume },
  )

  return async (presented, client) => {
    const parts = parseKey(presented)
    const mayBeImported = imported.forms.mayBeKey(presented)
    if (!parts) return mayBeImported ? verifyImported(presented, client) : reject("malformed")
    const { prefix, key } = parts
    const row = await findRow(lookupIdOf(key))
    // Keys of other systems may have the same form.
    if (!row && mayBeImported) return verifyImported(presented, client)
    if (!row || row.prefix !== prefix || !serves(row.owner.issuer)) return reject("unknown")
    const ended = whyEnded(row)
    if (ended) return rejectEnded(row, key, ended)
    switch (checkReceipt(keyring, row, key)) {
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
