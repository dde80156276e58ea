import { timingSafeEqual } from "node:crypto"
import type { Database, ImportedApiKey } from "@latchkey/db"
import type { Presenter } from "../../clientInfo.ts"
import type { BcryptQueue } from "../../crypto/bcryptQueue.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import { AuthError } from "../../errors.ts"
import type { FailureBudget } from "../../limits/failureBudget.ts"
import type { KeyRejection, VerifiedKey } from "../keyRejection.ts"
import { checkReceipt } from "../receipt.ts"
import { createShare } from "../shareFlights.ts"
import { whyEnded } from "../standing.ts"
import { createFindCandidates } from "./findCandidates.ts"
import { digestOf } from "./importedForm.ts"

/** The steps that imported keys share with others. */
export interface VerificationSteps {
  accept(row: ImportedApiKey, client: Presenter): VerifiedKey
  reject(cause: KeyRejection["cause"], apiKeyId?: string): KeyRejection
  /** Resolves to whether the key is still valid. */
  renewReceipt(row: ImportedApiKey, apiKey: string): Promise<boolean>
  /** Whether the receipt of a key may be renewed now. */
  mayRenew(apiKeyId: string): boolean
}

/**
 * Verifies keys that come from another system. A few rows may have to be told apart: those that begin as the key does, and
 * that of its SHA-256. Receipts decide first. Only a key that has none costs a bcrypt for each row, in a queue that no other
 * key waits in.
 *
 * @throws {AuthError} `UNAVAILABLE` if too many bcrypts are waiting, or too many keys with this start have failed, from
 *   whatever address. `DatabaseUnavailable` if the rows can't be read.
 */
export function createVerifyImportedKey(
  {
    db,
    keyring,
    bcrypt,
    failures,
    serves,
    onBatch,
  }: {
    db: Database
    keyring: Keyring
    bcrypt: BcryptQueue
    failures: FailureBudget
    serves: (issuer: string) => boolean
    onBatch: ((size: number) => void) | undefined
  },
  { accept, reject, renewReceipt, mayRenew }: VerificationSteps,
): (key: string, client: Presenter) => Promise<VerifiedKey> {
  const candidates = createFindCandidates(db, onBatch)
  const share = createShare<ImportedApiKey | null>()

  const served = (rows: readonly ImportedApiKey[]) => rows.filter(({ owner }) => serves(owner.issuer))

  /** Checks each row's receipt, so that the time does not tell which one fits. */
  function findByReceipt(rows: readonly ImportedApiKey[], key: string) {
    const checked = rows.map((row) => ({ row, receipt: checkReceipt(keyring, row, key) }))
    const proven = checked.find(({ receipt }) => receipt === "match" || receipt === "stale")
    return { proven, unproven: checked.flatMap(({ row, receipt }) => (receipt === "none" ? [row] : [])) }
  }

  async function findByHash(rows: readonly ImportedApiKey[], key: string): Promise<ImportedApiKey | null> {
    const digest = Buffer.from(digestOf(key))
    const bySha256 = rows.find(
      ({ hashKind, keyHash }) => hashKind === "sha256" && timingSafeEqual(Buffer.from(keyHash), digest),
    )
    if (bySha256) return bySha256
    for (const row of rows) {
      if (row.hashKind === "bcrypt" && (await bcrypt.compare(key, row.keyHash))) return row
    }
    return null
  }

  /** Counted as a failure until proven otherwise. Resolves to the row whose key it is, with a receipt. */
  async function compareAndRenew(rows: readonly ImportedApiKey[], key: string, starts: readonly string[]) {
    let isWrong = false
    let row: ImportedApiKey | null
    try {
      row = await findByHash(rows, key)
      isWrong = row === null
    } finally {
      if (!isWrong) for (const start of starts) failures.refund(start)
    }
    return row && (await renewReceipt(row, key)) ? row : null
  }

  /** @throws {AuthError} synchronously, as it concerns this call alone. */
  function beginCompare(rows: readonly ImportedApiKey[], key: string) {
    const starts = new Set(rows.flatMap((row) => (row.hashKind === "bcrypt" ? [row.importedStart] : [])))
    const consumed: string[] = []
    for (const start of starts) {
      const retryAfter = failures.consume(start)
      if (retryAfter > 0) {
        for (const earlier of consumed) failures.refund(earlier)
        throw new AuthError("UNAVAILABLE", "Too many failed key checks; try again later.", { retryAfter })
      }
      consumed.push(start)
    }
    return compareAndRenew(rows, key, consumed)
  }

  async function acceptProven(
    { row, receipt }: NonNullable<ReturnType<typeof findByReceipt>["proven"]>,
    key: string,
    client: Presenter,
  ): Promise<VerifiedKey> {
    const ended = whyEnded(row)
    if (ended) return reject(ended, row.id)
    if (receipt === "match" || !mayRenew(row.id)) return accept(row, client)
    const renewed = await share(key, async () => ((await renewReceipt(row, key)) ? row : null))
    return renewed ? accept(row, client) : reject("unknown")
  }

  return async (key, client) => {
    const tried = await candidates.find(key)
    let rows = served(tried.rows)
    let { proven, unproven } = findByReceipt(rows, key)
    const more = proven ? null : await candidates.findMore(key, tried)
    if (more) {
      rows = served(more.rows)
      ;({ proven, unproven } = findByReceipt(rows, key))
    }
    if (proven) return acceptProven(proven, key, client)
    // A key that is rejected anyway is not worth a bcrypt.
    const open = unproven.filter((row) => whyEnded(row) === null)
    if (open.length === 0) return reject(rows.length > unproven.length ? "mismatch" : "unknown")
    await client.mayCompare
    const row = await share(key, () => beginCompare(open, key))
    return row ? accept(row, client) : reject("mismatch")
  }
}
