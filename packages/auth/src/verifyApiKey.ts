import { type ActiveApiKey, type Database, findActiveApiKeys, recordReceipt } from "@latchkey/db"
import { isApiKey, lookupIdOf } from "./apiKeyFormat.ts"
import { createBatchedRead } from "./batchedRead.ts"
import type { BcryptQueue } from "./bcryptQueue.ts"
import type { Keyring } from "./keyring.ts"
import type { AuthObserver, Verdict } from "./observer.ts"
import { checkReceipt, makeReceipt } from "./receipt.ts"
import { createRenewals } from "./renewals.ts"

/** The row of an API key that is valid now, or null, whatever it is that is wrong with it. */
export type VerifyApiKey = (apiKey: string) => Promise<ActiveApiKey | null>

/**
 * Verifies keys: one share of a batched read and one HMAC. bcrypt is the root of trust, and runs only for a row
 * that has no receipt of it under a secret we know.
 *
 * @throws {AuthError} `UNAVAILABLE` when too many bcrypts wait; `DatabaseUnavailable` when there is no verdict.
 */
export function createVerifyApiKey(
  db: Database,
  keyring: Keyring,
  bcrypt: BcryptQueue,
  observer?: AuthObserver,
): VerifyApiKey {
  const findRow = createBatchedRead(
    (lookupIds) => findActiveApiKeys(db, { lookupIds }),
    (row: ActiveApiKey) => row.lookupId,
    observer && ((size) => observer.batch("apiKeys", size)),
  )
  /** One for each key, and so for each lookup id and key, as the one begins the other. */
  const flights = new Map<string, Promise<boolean>>()
  const renewals = createRenewals()

  async function renewReceipt({ id, keyHash, user }: ActiveApiKey, apiKey: string): Promise<boolean> {
    return recordReceipt(db, {
      id,
      userId: user.id,
      keyHash,
      receipt: makeReceipt(keyring.current, { id, userId: user.id, keyHash, apiKey }),
      receiptSecretId: keyring.current.id,
    })
  }

  async function compareAndRenew(row: ActiveApiKey, apiKey: string): Promise<boolean> {
    return (await bcrypt.compare(apiKey, row.keyHash)) && renewReceipt(row, apiKey)
  }

  function share(apiKey: string, begin: () => Promise<boolean>): Promise<boolean> {
    const underWay = flights.get(apiKey)
    if (underWay) return underWay
    const flight = begin().finally(() => flights.delete(apiKey))
    flights.set(apiKey, flight)
    return flight
  }

  function reject(verdict: Verdict): null {
    observer?.verdict("apiKey", verdict)
    return null
  }

  return async (apiKey) => {
    if (!isApiKey(apiKey)) return reject("malformed")
    const row = await findRow(lookupIdOf(apiKey))
    if (!row) return reject("unknown")
    switch (checkReceipt(keyring, row, apiKey)) {
      case "match":
        return row
      case "mismatch":
        return reject("mismatch")
      case "stale":
        if (!renewals.take(row.id)) return row
        return (await share(apiKey, () => renewReceipt(row, apiKey))) ? row : reject("unknown")
      case "none":
        return (await share(apiKey, () => compareAndRenew(row, apiKey))) ? row : reject("mismatch")
    }
  }
}
