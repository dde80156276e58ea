import { isApiKey, lookupIdOf } from "@latchkey/contract"
import { type ActiveApiKey, type Database, findActiveApiKeys, recordReceipt } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { AuthError } from "../errors.ts"
import { addressBlock } from "../limits/addressBlock.ts"
import type { FailureBudget } from "../limits/failureBudget.ts"
import type { AuthObserver, Verdict } from "../observer.ts"
import { checkReceipt, makeReceipt } from "./receipt.ts"
import { createRenewals } from "./receiptRenewals.ts"

/**
 * Resolves to the row of a currently valid API key, or to null for any invalid key.
 *
 * @param client used only to count failed bcrypts.
 */
export type VerifyApiKey = (
  apiKey: string,
  client: Pick<ClientInfo, "address">,
) => Promise<ActiveApiKey | null>

/**
 * Verifies keys at the cost of a batched read and one HMAC. bcrypt is the root of trust, and runs only for a row
 * without a receipt under a known server secret.
 *
 * @throws {AuthError} `UNAVAILABLE` if too many bcrypts are waiting, or too many have failed for this lookup id and
 *   address: without a bcrypt, a guess can't be told from the key. `DatabaseUnavailable` if the row can't be read.
 */
export function createVerifyApiKey({
  db,
  keyring,
  bcrypt,
  failures,
  observer,
}: {
  db: Database
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  observer: AuthObserver | undefined
}): VerifyApiKey {
  const findRow = createBatchedRead(
    (lookupIds) => findActiveApiKeys(db, { lookupIds }),
    (row: ActiveApiKey) => row.lookupId,
    observer && ((size) => observer.batch("apiKeys", size)),
  )
  /** Comparisons and renewals in flight, by key. */
  const inFlight = new Map<string, Promise<boolean>>()
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

  /** Counted as a failure until proven otherwise. */
  async function compareAndRenew(row: ActiveApiKey, apiKey: string, presenter: string): Promise<boolean> {
    let isWrong = false
    try {
      isWrong = !(await bcrypt.compare(apiKey, row.keyHash))
    } finally {
      if (!isWrong) failures.refund(presenter)
    }
    return !isWrong && renewReceipt(row, apiKey)
  }

  /** @throws {AuthError} synchronously, so that `share` does not pass the refusal on to callers at other addresses. */
  function beginCompare(row: ActiveApiKey, apiKey: string, address: string): Promise<boolean> {
    const presenter = `${row.lookupId} ${addressBlock(address)}`
    const retryAfter = failures.consume(presenter)
    if (retryAfter > 0) {
      throw new AuthError("UNAVAILABLE", "Too many failed key checks; try again later.", {
        retryAfter,
      })
    }
    return compareAndRenew(row, apiKey, presenter)
  }

  function share(apiKey: string, begin: () => Promise<boolean>): Promise<boolean> {
    const shared = inFlight.get(apiKey)
    if (shared) return shared
    const flight = begin().finally(() => inFlight.delete(apiKey))
    inFlight.set(apiKey, flight)
    return flight
  }

  function reject(verdict: Verdict): null {
    observer?.verdict("apiKey", verdict)
    return null
  }

  return async (apiKey, client) => {
    if (!isApiKey(apiKey)) return reject("malformed")
    const row = await findRow(lookupIdOf(apiKey))
    if (!row) return reject("unknown")
    switch (checkReceipt(keyring, row, apiKey)) {
      case "match":
        return row
      case "mismatch":
        return reject("mismatch")
      case "stale":
        if (!renewals.consume(row.id)) return row
        return (await share(apiKey, () => renewReceipt(row, apiKey))) ? row : reject("unknown")
      case "none":
        return (await share(apiKey, () => beginCompare(row, apiKey, client.address)))
          ? row
          : reject("mismatch")
    }
  }
}
