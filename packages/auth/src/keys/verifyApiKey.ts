import { lookupIdOf } from "@latchkey/contract"
import { type Database, findVerifiableApiKeys, recordReceipt, type VerifiableApiKey } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { AuthError } from "../errors.ts"
import { addressBlock } from "../limits/addressBlock.ts"
import type { FailureBudget } from "../limits/failureBudget.ts"
import type { AuthObserver } from "../observer.ts"
import { parseKey } from "./keyFormat.ts"
import { checkReceipt, makeReceipt } from "./receipt.ts"
import { createRenewals } from "./receiptRenewals.ts"
import { requireKnownChecks, whyEnded } from "./standing.ts"

/** Why a key is not valid. All causes look the same to the caller. */
export interface KeyRejection {
  /** `unknown`: no such key, or it was revoked, or this server does not serve its owner's issuer. */
  cause: "malformed" | "unknown" | "mismatch" | "expired" | "ownerDisabled"
  /** If the secret fits. */
  apiKeyId?: string
}

/** Whoever presents a key. */
export interface Presenter extends Pick<ClientInfo, "address"> {
  /** Must have resolved before the key may cost a bcrypt. If it rejects, there is no verdict. */
  mayCompare?: Promise<unknown>
}

/**
 * Resolves to the row of a currently valid API key, or to why it is not valid.
 *
 * @param client used only for bcrypts.
 */
export type VerifyApiKey = (
  apiKey: string,
  client: Presenter,
) => Promise<{ row: VerifiableApiKey } | KeyRejection>

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
  serves,
  observer,
}: {
  db: Database
  keyring: Keyring
  bcrypt: BcryptQueue
  failures: FailureBudget
  /** Whether keys of an issuer's owners are accepted here. */
  serves: (issuer: string) => boolean
  observer: AuthObserver | undefined
}): VerifyApiKey {
  const findRow = createBatchedRead(
    (lookupIds) => findVerifiableApiKeys(db, { lookupIds }),
    (row: VerifiableApiKey) => row.lookupId,
    observer && ((size) => observer.batch("apiKeys", size)),
  )
  /** Comparisons and renewals in flight, by key. */
  const inFlight = new Map<string, Promise<boolean>>()
  const renewals = createRenewals()

  async function renewReceipt({ id, keyHash, owner }: VerifiableApiKey, apiKey: string): Promise<boolean> {
    return recordReceipt(db, {
      id,
      ownerId: owner.id,
      keyHash,
      receipt: makeReceipt(keyring.current, { id, ownerId: owner.id, keyHash, apiKey }),
      receiptSecretId: keyring.current.id,
    })
  }

  /** Counted as a failure until proven otherwise. */
  async function compareAndRenew(row: VerifiableApiKey, apiKey: string, presenter: string): Promise<boolean> {
    let isWrong = false
    try {
      isWrong = !(await bcrypt.compare(apiKey, row.keyHash))
    } finally {
      if (!isWrong) failures.refund(presenter)
    }
    return !isWrong && renewReceipt(row, apiKey)
  }

  /** @throws {AuthError} synchronously, so that `share` does not pass the refusal on to callers at other addresses. */
  function beginCompare(row: VerifiableApiKey, apiKey: string, address: string): Promise<boolean> {
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

  function accept(row: VerifiableApiKey): { row: VerifiableApiKey } {
    requireKnownChecks(row)
    return { row }
  }

  return async (presented, client) => {
    const parts = parseKey(presented)
    if (!parts) return reject("malformed")
    const { prefix, key } = parts
    const row = await findRow(lookupIdOf(key))
    if (!row || row.prefix !== prefix || !serves(row.owner.issuer)) return reject("unknown")
    const ended = whyEnded(row)
    if (ended) return rejectEnded(row, key, ended)
    switch (checkReceipt(keyring, row, key)) {
      case "match":
        return accept(row)
      case "mismatch":
        return reject("mismatch")
      case "stale":
        if (!renewals.consume(row.id)) return accept(row)
        return (await share(key, () => renewReceipt(row, key))) ? accept(row) : reject("unknown")
      case "none":
        await client.mayCompare
        return (await share(key, () => beginCompare(row, key, client.address)))
          ? accept(row)
          : reject("mismatch")
    }
  }
}
